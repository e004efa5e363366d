import Testing

@testable import Delivery

@Suite("Text becomes mail that every server accepts")
struct MailTextTests {
  @Test(
    "Addresses that could break a header or a command are refused",
    arguments: [
      "", "a", "@example.com", "a@", "a b@example.com", "a@example.com\r\nRCPT TO:<b@example.com>", "a@b@example.com",
      "<a@example.com", "a@example.com>", "Name <a@example.com> x", "a,b@example.com", "größe@example.com",
      "N\nBcc: x <a@example.com>", ".a@example.com", "a@example..com", "a@exa_mple.com",
      String(repeating: "x", count: 65) + "@example.com", "a@" + String(repeating: "x", count: 260),
    ])
  func badAddresses(text: String) {
    #expect(throws: DeliverySettingError.self) { try EmailAddress(text) }
  }

  @Test("Addresses with and without a name are read")
  func goodAddresses() throws {
    let plain = try EmailAddress(" o'neil+stock.x@mail.example.com ")
    #expect(plain.address == "o'neil+stock.x@mail.example.com" && plain.name == nil)
    #expect(plain.domain == "mail.example.com")
    let named = try EmailAddress("Ops, Team \"A\" <ops@example.com>")
    #expect(named.address == "ops@example.com" && named.name == "Ops, Team \"A\"")
    // A name with a comma would become two addresses if it were written as it is.
    #expect(!MailText.mailbox(named).contains(","))
  }

  @Test(
    "Dates are those of RFC 5322",
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 +0000"), (951_782_399, "Mon, 28 Feb 2000 23:59:59 +0000"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"), (1_795_253_400, "Sat, 21 Nov 2026 09:30:00 +0000"),
      (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 +0000"), (-1, "Wed, 31 Dec 1969 23:59:59 +0000"),
    ] as [(Int64, String)])
  func dates(seconds: Int64, text: String) {
    #expect(MailDate.format(unixSeconds: seconds) == text)
  }

  @Test("No line is too long and no character is torn")
  func lineLengths() {
    let text = String(repeating: "ä🚚=", count: 200)
    let body = MailText.quotedPrintable(text).split(separator: "\r\n")
    #expect(body.allSatisfy { $0.utf8.count <= 76 })
    let subject = MailText.header(String(text.prefix(200)))
    #expect(subject.split(separator: "\r\n ").allSatisfy { $0.utf8.count <= 75 && $0.hasPrefix("=?utf-8?B?") })
  }

  @Test("Plain subjects stay readable; what only looks encoded is encoded; endless ones are cut")
  func subjects() {
    #expect(MailText.header("Low stock: ABC-1") == "Low stock: ABC-1")
    #expect(MailText.header("=?utf-8?B?eA==?=").hasPrefix("=?utf-8?B?PT91"))
    #expect(MailText.neutralised(String(repeating: "x", count: 10_000), limit: 250).count == 250)
  }

  @Test("All kinds of line breaks become CRLF, blanks at a line's end survive")
  func lineBreaks() {
    #expect(MailText.quotedPrintable("a\nb\r\nc\rd \te\t") == "a\r\nb\r\nc\r\nd \te=09\r\n")
  }

  @Test("A Message-ID holds nothing but an identifier")
  func messageID() throws {
    let address = try EmailAddress("a@example.com")
    let mail = EmailMessage(id: "x>\r\nBcc: y", from: address, to: address, subject: "", text: "", unixSeconds: 0)
    #expect(String(decoding: mail.encode(), as: UTF8.self).contains("Message-ID: <xBccy@example.com>\r\n"))
  }
}
