/// One mail to one recipient.
public struct EmailMessage: Sendable {
  /// Identifies the notification; the same for every attempt, so that the receiver can tell a repetition.
  public let id: String
  /// Who sends it.
  public let from: EmailAddress
  /// Who gets it.
  public let to: EmailAddress
  /// The subject; line breaks in it become spaces.
  public let subject: String
  /// The text; any kind of line break.
  public let text: String
  /// When the notification was made, in seconds since the Unix epoch; the same for every attempt.
  public let unixSeconds: Int64

  /// A mail that can be sent any number of times, always as the same bytes.
  public init(
    id: String, from: EmailAddress, to: EmailAddress, subject: String, text: String, unixSeconds: Int64
  ) {
    self.id = id
    self.from = from
    self.to = to
    self.subject = subject
    self.text = text
    self.unixSeconds = unixSeconds
  }

  /// The message as RFC 5322 wants it. libcurl doubles leading dots when it sends it.
  func encode() -> [UInt8] {
    // A message id that did not come from us could break the header: only what an identifier needs survives.
    let token = id.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "." || $0 == "_") }
    let headers = [
      "From: " + MailText.mailbox(from),
      "To: " + MailText.mailbox(to),
      "Subject: " + MailText.header(subject),
      "Date: " + MailDate.format(unixSeconds: unixSeconds),
      "Message-ID: <\(token)@\(from.domain)>",
      "Auto-Submitted: auto-generated",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: quoted-printable",
    ]
    return Array((headers.joined(separator: "\r\n") + "\r\n\r\n" + MailText.quotedPrintable(text)).utf8)
  }
}
