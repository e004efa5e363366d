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
  /// Serves the lane's own connection meanwhile.
  private let serveOwn: () throws -> Void

  private static let mostHeld = 65_535
  /// No pass takes longer: the lane has other work, and nobody can look at what is held.
  private let end = ContinuousClock.now + .seconds(60)

  init(
    _ context: LaneContext, queue: String, _ copies: DeadLetterCopies, serving own: @escaping () throws -> Void
  ) {
    serveOwn = own
    self.context = context
    self.queue = queue
    self.copies = copies
  }

  private var isOver: Bool { context.stop.isRaised || ContinuousClock.now > end }

  /// One pass over the queue; ends early when everything was found.
  ///
  /// - Returns: Whether nothing is left to look for.
  func run() throws -> Bool {
    var wanted = try copies.pending()
    var connections: [AMQP.Connection] = []
    defer { for connection in connections { connection.close() } }
    var isAtEnd = false
    while !wanted.isEmpty, !isAtEnd, !isOver {
      let connection = try context.connectBroker()
      connections.append(connection)
      let consumer = try Consumer(connection, queue: queue, prefetch: CopyRemoval.mostHeld)
      isAtEnd = try pass(consumer, holding: connections.dropLast(), &wanted)
    }
    if isAtEnd { try copies.giveUp(wanted) }
    return try copies.pending().isEmpty
  }

  /// Delivery tags and record numbers of up to a thousand copies. What has arrived may be a few at a time, and each
  /// question to the database is about a whole thousand.
  private static func read(_ consumer: Consumer) throws -> [(tag: UInt64, record: Int64?)] {
    var numbers: [(tag: UInt64, record: Int64?)] = []
    while numbers.count < 1_000 {
      let some = try consumer.take(
        upTo: 1_000 - numbers.count, bytes: BrokerLink.mostBytes, waiting: .milliseconds(numbers.isEmpty ? 500 : 50))
      if some.isEmpty { break }
      // Only the numbers are kept: the bodies of a long queue would not fit.
      numbers += some.map { ($0.tag, $0.properties.headers[HeaderName.deadLetterID]?.int) }
    }
    return numbers
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
    var empty = 0
    while !wanted.isEmpty, held < CopyRemoval.mostHeld, !isAtEnd, !isOver {
      context.beat()
      try serveOwn()
      for connection in others { try connection.service() }
      let numbers = try CopyRemoval.read(consumer)
      empty = numbers.isEmpty ? empty + 1 : 0
      // A queue that says it has messages and delivers none is left alone: the next pass begins anew.
      if empty > 20 { throw CopiesStuck(queue: queue) }
      isAtEnd = try numbers.isEmpty && consumer.connection.declareQueuePassively(queue).messages == 0
      let resolved = try copies.resolved(among: numbers.compactMap(\.record))
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
    // Its answer comes behind whatever the broker has sent by then, which would not fit; and the broker has read the
    // acknowledgements before it.
    try consumer.abandon()
    try copies.remove(removed)
    return isAtEnd
  }
}

/// The copies of a queue do not come.
struct CopiesStuck: Error, CustomStringConvertible {
  let queue: String
  var description: String { "\(queue) has messages and delivers none" }
}
