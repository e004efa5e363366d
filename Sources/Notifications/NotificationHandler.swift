import Contracts
import Messaging
import Postgres

/// The notification-worker's part of the pipeline: an event becomes one delivery row per channel and recipient.
///
/// It locks nothing: deliveries are only ever added here, and a row that is there already stays as it is.
public struct NotificationHandler: Handler {
  /// Who this worker is on the broker.
  public let manifest = WorkerManifest.notification
  private let routes: NotificationRoutes

  /// - Parameter routes: Who is told about what.
  public init(routes: NotificationRoutes) { self.routes = routes }

  /// Nothing has to be found out before.
  public func prepare(_ messages: [Message], approach: Approach, on database: Connection) throws -> NotificationBatch {
    NotificationBatch()
  }

  /// Nothing is locked.
  public func sendLocks(_ state: NotificationBatch, on database: Connection) throws {}

  /// Nothing was asked.
  public func receiveLocks(_ state: NotificationBatch, on database: Connection) throws {}

  /// Nothing depends on locked rows.
  public func locked(_ state: NotificationBatch, at now: Timestamp, on database: Connection) throws {}

  /// Decides whom to tell.
  public func decide(_ message: Message, in state: NotificationBatch, at now: Timestamp) -> Disposition {
    let plans = NotificationRules.decide(message.event, routes: routes)
    guard !plans.isEmpty else {
      return .unchanged("nobody is configured to be told about \(message.envelope.type.rawValue)")
    }
    state.add(plans, for: message, at: now)
    return .applied([])
  }

  /// No event follows at once: the sender's results are published when they are known.
  public func conclude(_ state: NotificationBatch, at now: Timestamp) -> [OutgoingEvent] { [] }

  /// Queues the new deliveries.
  public func write(_ state: NotificationBatch, to writes: inout WriteSet) throws { try state.send(to: &writes) }
}

extension WorkerManifest {
  /// The notification-worker: tells people and other systems.
  public static let notification = WorkerManifest(
    consumer: "notification", queue: "notification", consumes: NotificationRoutes.notified,
    publishes: [.notificationSent, .notificationFailed],
    // What follows is published when it is sent.
    usually: Dictionary(uniqueKeysWithValues: NotificationRoutes.notified.map { ($0, .applied(events: 0)) }))
}
