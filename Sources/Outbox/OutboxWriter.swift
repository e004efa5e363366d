import Contracts
import Postgres

/// Collects a transaction's outgoing messages and inserts them, those of a shard with one statement.
///
/// The ids are drawn by these inserts, while the transaction holds the locks of the aggregates concerned: id order is
/// therefore the order in which an aggregate's events happened.
public struct OutboxWriter {
  private var pending: [Pending] = []

  /// What was collected, events as they came together; an event becomes bytes when it is sent.
  private enum Pending {
    case row(OutboxRow)
    case events([OutgoingEvent])
  }

  /// An empty collection.
  public init() {}

  /// How many messages wait to be inserted.
  public private(set) var count = 0

  /// Adds a message behind those already collected.
  public mutating func append(_ row: OutboxRow) {
    pending.append(.row(row))
    count += 1
  }

  /// Adds events behind what was already collected. They are written as JSON only in ``send(to:waking:)``: the server
  /// works on the statements sent before meanwhile, and the locks are held for a shorter time.
  public mutating func append(_ events: [OutgoingEvent]) {
    pending.append(.events(events))
    count += events.count
  }

  /// Queues the inserts and, where one is due, a wake-up for the relays.
  ///
  /// - Parameters:
  ///   - writes: The transaction's.
  ///   - wakeUp: The lane's; nil for one who writes so rarely that every time counts.
  /// - Throws: ``PostgresError`` when the connection fails.
  public func send(to writes: inout WriteSet, waking wakeUp: RelayWakeUp? = nil) throws(PostgresError) {
    guard count > 0 else { return }
    var rows: [Inserted] = []
    if count < Packet.leastWorthwhile {
      for message in hashed() { rows.append(Inserted(message)) }
    } else {
      var size = 0
      for shard in shards() {
        for row in OutboxWriter.packed(shard) {
          size += row.body.count
          rows.append(row)
        }
        guard size >= OutboxWriter.portion else { continue }
        try OutboxWriter.insert(rows, to: &writes)
        (rows, size) = ([], 0)
      }
    }
    try OutboxWriter.insert(rows, to: &writes)
    if wakeUp?.isDue(for: count) ?? true { try writes.send(OutboxStatements.notify) }
  }

  /// One insert has about so many bytes of bodies: a large batch's would lie in memory three times otherwise, in its
  /// packets, in the parameter made of them and in libpq, which never gives back what it needed once.
  private static let portion = 256_000

  private static func insert(_ rows: [Inserted], to writes: inout WriteSet) throws(PostgresError) {
    guard !rows.isEmpty else { return }
    try writes.send(
      OutboxStatements.insert,
      [
        .int2s(rows) { $0.shard }, .ints(rows) { $0.aggregate }, .texts(alike: rows) { $0.exchange },
        .texts(rows) { $0.routingKey }, .texts(rows) { $0.messageID }, .texts(alike: rows) { $0.contentType },
        .texts(alike: rows) { $0.headers }, .int2s(alike: rows) { $0.messages }, .byteas(rows) { $0.body },
      ])
  }

  private func hashed() -> [Hashed] {
    var messages: [Hashed] = []
    messages.reserveCapacity(count)
    for pending in pending {
      switch pending {
      case .row(let row): messages.append(.row(row, Shard.hash(row.aggregate)))
      case .events(let events): for event in events { messages.append(.event(event, Shard.hash(event.aggregate))) }
      }
    }
    return messages
  }

  /// What was collected, shard by shard.
  private func shards() -> [[Hashed]] {
    var shards = [[Hashed]](repeating: [], count: Int(Shard.count))
    for message in hashed() { shards[Int(message.shard)].append(message) }
    return shards
  }

  /// A shard's messages in their order, as many together as may lie in one packet.
  private static func packed(_ messages: [Hashed]) -> [Inserted] {
    var rows: [Inserted] = []
    var next = 0
    while next < messages.count {
      let start = next
      var packet = Packet.Writer()
      while next < messages.count, !packet.isFull, messages[next].add(to: &packet) { next += 1 }
      if packet.count > 1 {
        rows.append(Inserted(packet: packet.finish(), of: next - start, shard: messages[start].shard))
      } else {
        rows.append(Inserted(messages[start]))
        next = start + 1
      }
    }
    return rows
  }

  /// A message with its aggregate's hash. An event becomes bytes where it comes to lie.
  private enum Hashed {
    case row(OutboxRow, Int64)
    case event(OutgoingEvent, Int64)

    var shard: Int16 {
      switch self {
      case .row(_, let aggregate), .event(_, let aggregate): Shard.of(hash: aggregate)
      }
    }

    /// - Returns: Whether a packet may hold it.
    func add(to packet: inout Packet.Writer) -> Bool {
      switch self {
      case .event(let event, let aggregate):
        guard Packet.mayHold(event) else { return false }
        packet.add(event, aggregate: aggregate)
      case .row(let row, let aggregate):
        guard Packet.mayHold(row) else { return false }
        packet.add(row.body.span, aggregate: aggregate, routingKey: row.routingKey, messageID: row.messageID)
      }
      return true
    }
  }

  /// A row as it is inserted; an object, because each column reads every row: a value would be copied with its texts.
  private final class Inserted {
    let shard: Int16
    let aggregate: Int64
    let exchange: String
    let routingKey: String
    let messageID: String
    let contentType: String
    let headers: String?
    let messages: Int16
    let body: [UInt8]

    init(_ message: Hashed) {
      shard = message.shard
      let row: OutboxRow
      switch message {
      case .row(let given, let hash): (row, aggregate) = (given, hash)
      case .event(let event, let hash): (row, aggregate) = (OutboxRow(event), hash)
      }
      (exchange, routingKey, messageID) = (row.exchange, row.routingKey, row.messageID)
      (contentType, headers) = (row.contentType, row.headers)
      (messages, body) = (1, row.body)
    }

    init(packet: [UInt8], of count: Int, shard: Int16) {
      self.shard = shard
      aggregate = 0
      (exchange, routingKey, messageID) = (Packet.exchange, Packet.routingKey, "")
      (contentType, headers) = (OutboxRow.eventContentType, nil)
      (messages, body) = (Int16(clamping: count), packet)
    }
  }
}
