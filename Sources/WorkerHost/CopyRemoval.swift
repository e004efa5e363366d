import AMQP
import Messaging
import Observability

/// Takes the copies of resolved dead letters out of `<queue>.dead`.
///
/// AMQP knows no way to remove one message from the middle of a queue. So everything is consumed and held, nothing is
/// given back before the end: what is resolved is acknowledged, the rest returns when the connections close, to its old
/// place. That raises the delivery count of the rest by one; the queue's limit is a million, and what it holds are
/// copies. A consumer holds at most 65,535 messages, so a longer queue takes several.
struct CopyRemoval {
  private let context: LaneContext
  private let queue: String
  private let copies: DeadLetterCopies

  private static let mostHeld = 65_535

  init(_ context: LaneContext, queue: String, _ copies: DeadLetterCopies) {
    self.context = context
    self.queue = queue
    self.copies = copies
  }

  /// One pass over the queue; ends early when everything was found.
  ///
  /// - Returns: Whether nothing is left to look for.
  func run() throws -> Bool {
    var wanted = try copies.pending()
    var connections: [AMQP.Connection] = []
    defer { for connection in connections { connection.close() } }
    var isAtEnd = false
    while !wanted.isEmpty, !isAtEnd, !context.stop.isRaised {
      let connection = try AMQP.Connection(context.brokerOptions)
      connections.append(connection)
      let consumer = try Consumer(connection, queue: queue, prefetch: CopyRemoval.mostHeld)
      isAtEnd = try pass(consumer, holding: connections.dropLast(), &wanted)
    }
    if isAtEnd { try copies.giveUp(wanted) }
    return try copies.pending().isEmpty
  }

  /// Reads until all is found, the consumer can hold no more, or the queue has ended.
  ///
  /// - Returns: Whether the queue has ended.
  private func pass(
    _ consumer: Consumer, holding others: some Collection<AMQP.Connection>, _ wanted: inout Set<Int64>
  ) throws -> Bool {
    var held = 0
    var removed: [Int64] = []
    var isAtEnd = false
    while !wanted.isEmpty, held < CopyRemoval.mostHeld, !isAtEnd, !context.stop.isRaised {
      context.beat()
      for connection in others { try connection.service() }
      let deliveries = try consumer.take(upTo: 1_000, waiting: .milliseconds(500))
      isAtEnd = try deliveries.isEmpty && consumer.connection.declareQueuePassively(queue).messages == 0
      // Only the numbers are kept: the bodies of a long queue would not fit.
      let numbers = deliveries.map { ($0.tag, $0.properties.headers[HeaderName.deadLetterID]?.int) }
      let resolved = try copies.resolved(among: numbers.compactMap(\.1))
      for (tag, number) in numbers {
        guard let number, resolved.contains(number) else {
          held += 1
          continue
        }
        try consumer.ack(tag, multiple: false)
        removed.append(number)
      }
      wanted.subtract(resolved)
    }
    // An answer on the same channel: the broker has read the acknowledgements before it.
    _ = try consumer.connection.declareQueuePassively(queue)
    try copies.remove(removed)
    return isAtEnd
  }
}
