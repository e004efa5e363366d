import Contracts
import Delivery

/// What a sender needs to know about one leased delivery.
public struct LeasedDelivery: Sendable {
  /// Stable id, the same at every attempt.
  public let notificationID: String
  /// Mail or webhook.
  public let channel: NotificationChannel
  /// A mail address, or the name of an endpoint.
  public let recipient: String
  /// A mail's subject.
  public let subject: String
  /// A mail's text, or the CloudEvent.
  public let body: [UInt8]
  /// This attempt's number, 1 for the first; before it begins that of the last one.
  public internal(set) var attempt: Int32
  /// When the notification was made.
  public let createdAt: Timestamp
  let eventID: String
  /// What it tells about.
  public let eventType: EventType
  let correlationID: String?
  let traceparent: String?
  /// How often it was begun.
  let round: Int32
}

/// Gets one delivery to its receiver. Lane only; every call is bounded.
public protocol DeliveryTransport {
  /// The longest that ``deliver(_:)`` can take.
  var longestAttempt: Duration { get }
  /// One attempt.
  func deliver(_ delivery: LeasedDelivery) -> DeliveryResult
}

/// Mail by SMTP and signed webhooks by HTTP, as configured.
public final class ConfiguredTransport: DeliveryTransport {
  private let mail: (sender: EmailSender, from: EmailAddress)?
  private let webhooks: WebhookSender
  private let endpoints: [String: WebhookEndpoint]

  /// - Parameters:
  ///   - server: The mail server; nil when no mail is sent.
  ///   - from: The sender's address.
  ///   - webhooks: Bounds and trust for webhooks.
  ///   - routes: Knows the endpoints.
  /// - Throws: ``DeliverySettingError`` for settings that cannot work.
  public init(
    server: MailServer?, from: EmailAddress?, webhooks: WebhookOptions, routes: NotificationRoutes
  ) throws(DeliverySettingError) {
    if let server {
      guard let from else { throw DeliverySettingError(setting: "mail server", rule: "needs a sender's address") }
      mail = (try EmailSender(server), from)
    } else {
      mail = nil
    }
    self.webhooks = try WebhookSender(webhooks)
    endpoints = routes.endpoints
  }

  /// The slower channel's bound.
  public var longestAttempt: Duration { max(mail?.sender.longestAttempt ?? .zero, webhooks.longestAttempt) }

  /// One attempt on the delivery's channel.
  public func deliver(_ delivery: LeasedDelivery) -> DeliveryResult {
    switch delivery.channel {
    case .email: deliverMail(delivery)
    case .webhook: deliverWebhook(delivery)
    }
  }

  private func deliverMail(_ delivery: LeasedDelivery) -> DeliveryResult {
    // Temporary: another worker, or this one after its next start, may have the server.
    guard let mail else { return .temporary(reason: "no mail server is configured") }
    guard let to = try? EmailAddress(delivery.recipient) else { return .permanent(reason: "not a mail address") }
    return mail.sender.send(
      EmailMessage(
        id: delivery.notificationID, from: mail.from, to: to, subject: delivery.subject,
        text: String(decoding: delivery.body, as: UTF8.self), unixSeconds: delivery.createdAt.unixSeconds))
  }

  private func deliverWebhook(_ delivery: LeasedDelivery) -> DeliveryResult {
    guard let endpoint = endpoints[delivery.recipient] else {
      return .temporary(reason: "no endpoint \(delivery.recipient) is configured")
    }
    return webhooks.send(
      WebhookMessage(id: delivery.notificationID, body: delivery.body), to: endpoint,
      unixSeconds: Timestamp.now.unixSeconds)
  }
}

extension Timestamp {
  fileprivate var unixSeconds: Int64 { microseconds / 1_000_000 }
}
