import CCurl
import FoundationEssentials
import Lanes

/// Where mail is handed in.
public struct MailServer: Sendable, CustomStringConvertible {
  /// Whether the connection is encrypted. An `smtps://` URL always is.
  public enum Encryption: Sendable {
    /// Never: for a relay on the same machine.
    case none
    /// STARTTLS where the server offers it: keeps out listeners, not somebody who alters the connection.
    case whereOffered
    /// STARTTLS before anything else, or no delivery.
    case startTLS
  }

  /// `smtp://host:port` or `smtps://host:port`; a path is the name to greet with.
  public var url: String
  /// The user to log in as; nil for no login.
  public var user: String?
  /// The user's password.
  public var password: String?
  /// STARTTLS or not; means nothing for `smtps://`.
  public var encryption: Encryption
  /// A PEM file of certificate authorities to trust instead of the system's.
  public var caFile: String?
  /// Bound on connecting.
  public var connectTimeout: Duration
  /// Bound on a whole delivery; saying goodbye to a server that does not answer may take as long again.
  public var timeout: Duration

  /// A server with bounds that suit one reached over the internet.
  public init(
    url: String, user: String? = nil, password: String? = nil, encryption: Encryption = .startTLS,
    caFile: String? = nil, connectTimeout: Duration = .seconds(5), timeout: Duration = .seconds(20)
  ) {
    self.url = url
    self.user = user
    self.password = password
    self.encryption = encryption
    self.caFile = caFile
    self.connectTimeout = connectTimeout
    self.timeout = timeout
  }

  /// Without the URL's login, the user or the password.
  public var description: String { "MailServer(encryption: \(encryption), login: \(user != nil))" }
}

/// Hands mail to an SMTP server, one at a time, over a connection that is kept while it is used. Lane only.
public final class EmailSender {
  private let server: MailServer
  private let host: String
  private let redaction: Redaction
  private let curl: CurlHandle

  /// - Throws: ``DeliverySettingError`` when the server's URL is none.
  public init(_ server: MailServer) throws(DeliverySettingError) {
    self.server = server
    let address = try ServerURL(server.url, setting: "mail server", schemes: ["smtp", "smtps"])
    host = address.host
    curl = try CurlHandle()
    let plain = server.password.map { "\u{0}\(server.user ?? "")\u{0}\($0)" }
    redaction = Redaction(
      address.hidden + [server.password]
        + [server.password, plain].map { $0.map { Data($0.utf8).base64EncodedString() } })
  }

  /// The longest that ``send(_:)`` can take.
  public var longestAttempt: Duration { server.timeout * 2 }

  /// Sends one message and waits for the server's word, at most twice the server's time-out.
  ///
  /// A connection that is lost after the message and before the answer counts as temporary: the message may arrive
  /// twice, with the same Message-ID, and is never lost.
  public func send(_ message: EmailMessage) -> DeliveryResult {
    Lane.requireCurrent()
    curl.reset(
      url: server.url, protocols: "smtp,smtps", connectTimeout: server.connectTimeout, timeout: server.timeout)
    switch server.encryption {
    case .none: break
    case .whereOffered: curl.set(CURLOPT_USE_SSL, Int(CURLUSESSL_TRY.rawValue))
    case .startTLS: curl.set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue))
    }
    if let caFile = server.caFile { curl.set(CURLOPT_CAINFO, caFile) }
    if let user = server.user { curl.set(CURLOPT_USERNAME, user) }
    if let password = server.password { curl.set(CURLOPT_PASSWORD, password) }
    curl.set(CURLOPT_MAIL_FROM, "<\(message.from.address)>")
    curl.set(CURLOPT_MAIL_RCPT, lines: ["<\(message.to.address)>"])
    curl.setUpload(message.encode())
    return classify(curl.perform())
  }

  /// What the server's answer means. Permanent is only what it said about this message; a refused login, a refused
  /// greeting or a missing STARTTLS is for an operator to repair, after which the message can be delivered.
  private func classify(_ code: CURLcode) -> DeliveryResult {
    if code == CURLE_OK { return .delivered }
    let place = code == CURLE_LOGIN_DENIED ? "\(host) refused the login" : host
    let said = curl.refusal ?? curl.describe(code)
    let reason = redaction.apply("mail server \(place): \(said)".utf8, isCut: said.utf8.count >= CurlHandle.keptBytes)
    let isGreeting = curl.connectedAnew && curl.refusal == curl.firstLine
    let isAboutUs = isRefusalOfSender(curl.refusal ?? "", code)
    let isAboutMessage = [CURLE_SEND_ERROR, CURLE_WEIRD_SERVER_REPLY].contains(code) && !isGreeting && !isAboutUs
    return isAboutMessage && curl.refusal?.hasPrefix("5") == true
      ? .permanent(reason: reason) : .temporary(reason: reason)
  }

  /// RFC 4954 and 3207: log in first, in another way, or encrypt first. RFC 3463, X.7.X before the message was sent: a
  /// relay that takes nothing from us. Said to MAIL or RCPT, and libcurl tells no more of it.
  private func isRefusalOfSender(_ refusal: String, _ code: CURLcode) -> Bool {
    let words = refusal.split(whereSeparator: { $0 == " " || $0 == "-" })
    return ["530", "534", "535", "538"].contains(words.first ?? "")
      || code == CURLE_SEND_ERROR && words.dropFirst().first?.hasPrefix("5.7.") == true
  }
}
