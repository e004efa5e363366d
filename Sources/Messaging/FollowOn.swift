import Contracts

/// Makes the events that follow from a message: named by aggregate and sequence, pointing back at their cause.
public struct FollowOn: Sendable {
  private let source: String
  private let now: Timestamp
  private let cause: Message

  /// - Parameters:
  ///   - message: The cause.
  ///   - manifest: Who publishes.
  ///   - now: When it happened.
  public init(of message: Message, by manifest: WorkerManifest, at now: Timestamp) {
    source = manifest.source
    self.now = now
    cause = message
  }

  /// An event about an order.
  public func event(_ event: Event, order: OrderID, sequence: Int64) -> OutgoingEvent {
    make(event, aggregate: "order/" + order.value, sequence: sequence, subject: order.value, correlation: order.value)
  }

  /// An event about a SKU.
  public func event(_ event: Event, sku: SKU, sequence: Int64, correlation: String?) -> OutgoingEvent {
    make(event, aggregate: "stock/" + sku.value, sequence: sequence, subject: sku.value, correlation: correlation)
  }

  /// A note to a worker of ours about a SKU: it has no history, so it is an aggregate of its own.
  public func note(_ event: Event, sku: SKU) -> OutgoingEvent {
    let id = EventID.next(at: now)
    return OutgoingEvent(
      id: id, source: source, time: now, correlationID: cause.envelope.correlationID, causationID: cause.envelope.id,
      traceparent: cause.envelope.traceparent, aggregate: OutgoingEvent.aggregate(ofNote: id), sequence: 1,
      subject: sku.value, event: event)
  }

  private func make(
    _ event: Event, aggregate: String, sequence: Int64, subject: String, correlation: String?
  ) -> OutgoingEvent {
    OutgoingEvent(
      id: EventID.next(at: now), source: source, time: now, correlationID: correlation ?? cause.envelope.correlationID,
      causationID: cause.envelope.id, traceparent: cause.envelope.traceparent, aggregate: aggregate, sequence: sequence,
      subject: subject, event: event)
  }
}
