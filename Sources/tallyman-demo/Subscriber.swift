import AMQP
import Contracts

/// The system that subscribes to every event Tallyman publishes, and keeps its own account of them.
final class Subscriber {
  /// Different events, by type.
  private(set) var counts: [EventType: Int] = [:]
  /// The answers per order: what an `order.created` caused. More than one would be a broken promise. (An
  /// `order.reserved` may come later as well, caused by the stock that filled the last backorder.)
  private(set) var answers: [OrderID: [Answer]] = [:]
  /// The ids of the `order.created` messages.
  var questions: Set<String> = []
  /// Events that came more than once, under the same id.
  private(set) var repetitions = 0
  /// Aggregates whose events came out of order or with a gap, as found; the first few.
  private(set) var disorder: [String] = []
  /// Units reserved by answers and fills and not released, per SKU.
  private(set) var promised: [SKU: Int64] = [:]
  /// Units that backorders were filled with, per SKU.
  private(set) var filled: [SKU: Int64] = [:]

  /// An answer to an order.
  struct Answer {
    /// `order.reserved`, `order.partially_reserved`, `order.backordered` or `order.rejected`.
    let type: EventType
    /// What was reserved, except for a rejection.
    let order: OrderAnswer?
    /// Why, for a rejection.
    let rejection: OrderRejectionReason?
    /// When it was read here.
    let arrivedAt: ContinuousClock.Instant
  }

  private let consumer: Consumer
  private var seen: Set<String> = []
  private var sequences: [String: Int64] = [:]

  /// The subscription's queue; a party's queues begin with its name.
  static let queue = "subscriber.demo"

  /// What other systems publish; everything else is ours.
  static let inbound: Set<EventType> = [
    .productRegistered, .locationRegistered, .stockPolicySet, .goodsReceived, .stockMoveRequested, .orderCreated,
    .orderCancelled, .shipmentDispatched,
  ]

  /// Declares the queue, binds it and starts to consume.
  init(_ connection: AMQP.Connection) throws {
    _ = try connection.declareQueue(Subscriber.queue, durable: true)
    for type in EventType.allCases where !Subscriber.inbound.contains(type) {
      try connection.bind(queue: Subscriber.queue, exchange: "supply.events", routingKey: type.rawValue)
    }
    consumer = try Consumer(connection, queue: Subscriber.queue, prefetch: 2_000, consumerTag: Party.subscriber)
  }

  /// How many different events came.
  var total: Int { seen.count }

  /// How many events of these types came.
  func count(_ types: EventType...) -> Int { types.reduce(0) { $0 + counts[$1, default: 0] } }

  /// How many orders got this answer first.
  func answered(_ type: EventType) -> Int { answers.values.count { $0.first?.type == type } }

  /// Reads what has arrived; waits at most `waiting` for the first.
  func read(waiting: Duration) throws {
    var deliveries = try consumer.take(upTo: 1_000, waiting: waiting)
    while let last = deliveries.last {
      let now = ContinuousClock.now
      for delivery in deliveries { try record(delivery, at: now) }
      try consumer.ack(last.tag, multiple: true)
      deliveries = try consumer.take(upTo: 1_000, waiting: .zero)
    }
  }

  /// Closes the connection; the queue stays, with whatever comes later.
  func close() { consumer.connection.close() }

  private func record(_ delivery: AMQP.Delivery, at now: ContinuousClock.Instant) throws {
    let message: IncomingMessage
    do throws(Malformed) {
      message = try IncomingMessage.decode(
        body: delivery.body, contentType: delivery.properties.contentType, messageID: delivery.properties.messageID,
        routingKey: delivery.routingKey)
    } catch {
      throw StoryFailure("Tallyman published something that breaks its own contract: \(error)")
    }
    guard seen.insert("\(message.envelope.source)\u{0}\(message.envelope.id)").inserted else {
      repetitions += 1
      return
    }
    counts[message.envelope.type, default: 0] += 1
    checkSequence(message.envelope)
    if let cause = message.envelope.causationID, questions.contains(cause) { recordAnswer(message.event, at: now) }
    account(for: message.event)
  }

  private func checkSequence(_ envelope: Envelope) {
    // The sweeper's reminders count no history.
    guard envelope.type != .backordersDue, envelope.type != .lotsDue, let aggregate = envelope.aggregate,
      let sequence = envelope.sequence
    else {
      return
    }
    let expected = sequences[aggregate, default: 0] + 1
    if sequence != expected, disorder.count < 5 {
      disorder.append("\(aggregate): \(sequence) (\(envelope.type.rawValue)) came where \(expected) was due")
    }
    sequences[aggregate] = sequence
  }

  private func recordAnswer(_ event: Event, at now: ContinuousClock.Instant) {
    switch event {
    case .orderReserved(let order), .orderPartiallyReserved(let order), .orderBackordered(let order):
      answers[order.orderID, default: []].append(
        Answer(type: event.type, order: order, rejection: nil, arrivedAt: now))
      for line in order.lines { promised[line.sku, default: 0] += line.reserved }
    case .orderRejected(let rejection):
      answers[rejection.orderID, default: []].append(
        Answer(type: event.type, order: nil, rejection: rejection.reason, arrivedAt: now))
    default: break
    }
  }

  private func account(for event: Event) {
    switch event {
    case .backorderFilled(let fill):
      promised[fill.sku, default: 0] += fill.quantity
      filled[fill.sku, default: 0] += fill.quantity
    case .reservationReleased(let release):
      promised[release.sku, default: 0] -= release.quantity
    default: break
    }
  }
}
