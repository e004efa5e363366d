import Contracts
import Delivery

/// Who is told about what, from configuration.
public struct NotificationRoutes: Sendable {
  /// The events about which somebody can be told.
  public static let notified: [EventType] = [
    .stockLow, .stockOut, .lotExpired, .backorderCreated, .reservationBumped, .orderReserved, .orderPartiallyShipped,
    .orderShipped, .shipmentInTransit, .shipmentDelivered, .shipmentFailed, .shipmentOverdue,
  ]

  private var mails: [EventType: [EmailAddress]] = [:]
  private var webhooks: [EventType: [String]] = [:]
  /// The endpoints by the names under which deliveries know them.
  public private(set) var endpoints: [String: WebhookEndpoint] = [:]

  /// Nobody is told anything.
  public init() {}

  /// Adds a mail recipient.
  ///
  /// - Parameter type: The events to tell about; nil for all of ``notified``.
  public mutating func add(_ recipient: EmailAddress, for type: EventType? = nil) {
    for type in type.map({ [$0] }) ?? Self.notified
    where mails[type]?.contains(where: { $0.address == recipient.address }) != true {
      mails[type, default: []].append(recipient)
    }
  }

  /// Adds a webhook.
  ///
  /// - Parameter type: The events to tell about; nil for all of ``notified``.
  public mutating func add(_ endpoint: WebhookEndpoint, for type: EventType? = nil) {
    endpoints[endpoint.name] = endpoint
    for type in type.map({ [$0] }) ?? Self.notified where webhooks[type]?.contains(endpoint.name) != true {
      webhooks[type, default: []].append(endpoint.name)
    }
  }

  /// Channel and recipient of everybody who is told about events of this type, each once.
  func recipients(of type: EventType) -> [(channel: NotificationChannel, recipient: String)] {
    (mails[type] ?? []).map { (.email, $0.address) } + (webhooks[type] ?? []).map { (.webhook, $0) }
  }
}
