import CCurl
import Lanes

/// Where a webhook is posted, and the secrets it is signed with.
public struct WebhookEndpoint: Hashable, Sendable, CustomStringConvertible {
  /// `https://…` or `http://…`. May carry a token: never shown.
  public let url: String
  /// Secrets, the newest first; every one of them signs, so that a receiver can change over at its own time.
  public let secrets: [WebhookSecret]
  /// The URL's host: what may be shown of it.
  public let host: String
  /// Tells endpoints apart in records and events without giving the URL away: the host, and a few digits of the URL's
  /// SHA-256. The same for as long as the URL is.
  public let name: String
  let redaction: Redaction

  /// - Throws: ``DeliverySettingError`` for something that is no URL, or without a secret.
  public init(url: String, secrets: [WebhookSecret]) throws(DeliverySettingError) {
    let address = try ServerURL(url, setting: "webhook endpoint", schemes: ["https", "http"])
    host = address.host
    redaction = Redaction(address.hidden)
    guard !secrets.isEmpty, secrets.count <= 8 else {
      throw DeliverySettingError(setting: "webhook endpoint", rule: "must have 1 to 8 secrets")
    }
    self.url = url
    self.secrets = secrets
    name = "\(host)#" + Digest.hex(Digest.sha256(Array(url.utf8)).prefix(4))
  }

  /// The name only.
  public var description: String { "WebhookEndpoint(\(name))" }
}

/// One event for one receiver.
public struct WebhookMessage: Sendable {
  /// Identifies the notification; the same for every attempt.
  public let id: String
  /// The CloudEvent's JSON.
  public let body: [UInt8]

  /// A message that receivers can recognise when it comes again.
  public init(id: String, body: [UInt8]) {
    self.id = id
    self.body = body
  }
}

/// Bounds and trust for all webhooks.
public struct WebhookOptions: Sendable {
  /// A PEM file of certificate authorities to trust instead of the system's.
  public var caFile: String?
  /// Bound on connecting.
  public var connectTimeout: Duration
  /// Bound on a whole delivery.
  public var timeout: Duration

  /// Bounds that suit receivers on the internet.
  public init(
    caFile: String? = nil, connectTimeout: Duration = .seconds(5),
    timeout: Duration = .seconds(15)
  ) {
    self.caFile = caFile
    self.connectTimeout = connectTimeout
    self.timeout = timeout
  }
}

/// Posts signed webhooks (Standard Webhooks), one at a time. Lane only.
public final class WebhookSender {
  private let options: WebhookOptions
  private let curl: CurlHandle

  /// - Throws: ``DeliverySettingError`` when libcurl cannot be used.
  public init(_ options: WebhookOptions = WebhookOptions()) throws(DeliverySettingError) {
    self.options = options
    curl = try CurlHandle()
  }

  /// The longest that ``send(_:to:unixSeconds:)`` can take.
  public var longestAttempt: Duration { options.timeout }

  /// Posts one message and waits for the receiver's status, at most the options' time-out. Redirects are not followed.
  ///
  /// - Parameter unixSeconds: The time of this attempt, which is signed: receivers refuse old signatures.
  public func send(_ message: WebhookMessage, to endpoint: WebhookEndpoint, unixSeconds: Int64) -> DeliveryResult {
    Lane.requireCurrent()
    guard message.id.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ".") }) else {
      return .permanent(reason: "webhook id: must be printable ASCII without spaces and dots")
    }
    curl.reset(
      url: endpoint.url, protocols: "https,http", connectTimeout: options.connectTimeout, timeout: options.timeout)
    curl.set(CURLOPT_FOLLOWLOCATION, 0)
    curl.set(CURLOPT_USERAGENT, "tallyman")
    if let caFile = options.caFile { curl.set(CURLOPT_CAINFO, caFile) }
    curl.set(CURLOPT_HTTPHEADER, lines: headers(of: message, to: endpoint, unixSeconds: unixSeconds))
    curl.setPost(message.body)
    return classify(curl.perform(), endpoint)
  }

  private func headers(of message: WebhookMessage, to endpoint: WebhookEndpoint, unixSeconds: Int64) -> [String] {
    let signatures = endpoint.secrets.map { $0.sign(id: message.id, unixSeconds: unixSeconds, body: message.body) }
    return [
      "content-type: application/cloudevents+json; charset=utf-8",
      "webhook-id: \(message.id)",
      "webhook-timestamp: \(unixSeconds)",
      "webhook-signature: \(signatures.joined(separator: " "))",
      // Without this libcurl asks before it sends a large body, and waits a second for receivers that do not answer.
      "expect:",
    ]
  }

  /// What a receiver says about this message, or for ever. Another refusal (a secret changed over too early, a path or
  /// a redirect of a deployment) is for somebody to repair, after which the message can be delivered.
  private static let final: Set<Int> = [400, 410, 413, 415, 422]

  /// The status decides once it has arrived, even if the rest of the response was cut off or came too slowly.
  private func classify(_ code: CURLcode, _ endpoint: WebhookEndpoint) -> DeliveryResult {
    let status = curl.responseCode
    guard status >= 200 else {
      return .temporary(reason: endpoint.redaction.apply("webhook \(endpoint.host): \(curl.describe(code))".utf8))
    }
    if status < 300 { return .delivered }
    let told = "webhook \(endpoint.host): HTTP \(status)\(curl.received.isEmpty ? "" : ": ")"
    // An answer that was longer than what is kept, or stopped in the middle, ends with an error.
    let reason = endpoint.redaction.apply(Array(told.utf8) + curl.received, isCut: code != CURLE_OK)
    if WebhookSender.final.contains(status) { return .permanent(reason: reason) }
    return .temporary(reason: reason, retryAfter: curl.retryAfterSeconds.map { .seconds($0) })
  }
}
