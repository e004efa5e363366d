import Contracts
import Messaging
import Postgres

/// The deliveries that one transaction adds.
public final class NotificationBatch {
  private struct Row {
    let id: String
    let message: Message
    let plan: NotificationPlan

    /// Rows are inserted in this order by every lane, so that two of them never wait for each other in a circle.
    var key: [String] { [message.envelope.source, message.envelope.id, plan.channel.rawValue, plan.recipient] }
    /// A mail says it in words; a webhook hands on the event as it came.
    var body: [UInt8] { plan.channel == .email ? Array(plan.text.utf8) : message.delivery.body }
  }

  private var rows: [Row] = []
  private var createdAt: Timestamp?

  /// Adds what one event asks for.
  func add(_ plans: [NotificationPlan], for message: Message, at now: Timestamp) {
    createdAt = now
    for plan in plans {
      let id = NotificationID.make(
        source: message.envelope.source, eventID: message.envelope.id, channel: plan.channel, recipient: plan.recipient)
      rows.append(Row(id: id, message: message, plan: plan))
    }
  }

  /// Queues the insert.
  func send(to writes: inout WriteSet) throws {
    guard let createdAt, !rows.isEmpty else { return }
    let sorted = rows.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    try writes.send(
      DeliveryStatements.insert,
      [
        .texts(sorted.map(\.id)), .texts(sorted.map(\.message.envelope.id)),
        .texts(sorted.map(\.message.envelope.source)), .texts(sorted.map(\.message.envelope.type.rawValue)),
        .texts(sorted.map(\.plan.channel.rawValue)), .texts(sorted.map(\.plan.recipient)),
        .texts(sorted.map(\.plan.subject)), .byteas(sorted.map(\.body)),
        .texts(sorted.map(\.message.envelope.correlationID)), .texts(sorted.map(\.message.envelope.traceparent)),
        .timestamp(createdAt.microseconds),
      ])
  }
}
