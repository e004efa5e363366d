import Contracts
import Postgres

/// Collects a transaction's outgoing messages and inserts them with one statement.
///
/// The ids are drawn by that insert, while the transaction holds the locks of the aggregates concerned: id order is
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

  /// Queues the insert and, where one is due, a wake-up for the relays.
  ///
  /// - Parameters:
  ///   - writes: The transaction's.
  ///   - wakeUp: The lane's; nil for one who writes so rarely that every time counts.
  /// - Throws: ``PostgresError`` when the connection fails.
  public func send(to writes: inout WriteSet, waking wakeUp: RelayWakeUp? = nil) throws(PostgresError) {
    let rows = rows()
    guard let first = rows.first else { return }
    let agree = rows.allSatisfy { $0.isInserted(like: first) }
    try writes.send(
      agree ? OutboxStatements.insert.agreeing : OutboxStatements.insert.differing,
      [
        .int2s(rows) { $0.shard }, .ints(rows) { $0.aggregate },
        agree ? .text(first.exchange) : .texts(rows) { $0.exchange }, .texts(rows) { $0.routingKey },
        .texts(rows) { $0.messageID }, agree ? .text(first.contentType) : .texts(rows) { $0.contentType },
        agree ? .text(first.headers) : .texts(optional: rows) { $0.headers },
        agree ? .int2(first.messages) : .int2s(rows) { $0.messages }, .byteas(rows) { $0.body },
      ])
    if wakeUp?.isDue(for: count) ?? true { try writes.send(OutboxStatements.notify) }
  }

  /// The rows to insert: of a large batch packets, shard by shard.
  private func rows() -> [Inserted] {
    var messages: [Hashed] = []
    messages.reserveCapacity(count)
    for pending in pending {
      switch pending {
      case .row(let row): messages.append(Hashed(row))
      case .events(let events): for index in events.indices { messages.append(Hashed(OutboxRow(events[index]))) }
      }
    }
    guard count >= Packet.leastWorthwhile else { return messages.map(Inserted.init) }
    var shards = [[Hashed]](repeating: [], count: Int(Shard.count))
    for message in messages { shards[Int(message.shard)].append(message) }
    return shards.flatMap(OutboxWriter.packed)
  }

  /// A shard's messages in their order, as many together as may lie in one packet.
  private static func packed(_ messages: [Hashed]) -> [Inserted] {
    var rows: [Inserted] = []
    var start = 0
    while start < messages.count {
      var end = start
      var size = 0
      while end < messages.count, end - start < Packet.largestCount, Packet.mayHold(messages[end].row) {
        size += messages[end].body.count
        if size > Packet.largestSize { break }
        end += 1
      }
      rows.append(end - start > 1 ? Inserted(packet: messages[start..<end]) : Inserted(messages[start]))
      start = max(end, start + 1)
    }
    return rows
  }

  /// An object, because it is sorted and looked at often: a value would be copied with all its texts each time.
  private final class Hashed: Packet.Content {
    let row: OutboxRow
    let aggregate: Int64

    init(_ row: OutboxRow) {
      self.row = row
      aggregate = Shard.hash(row.aggregate)
    }

    var shard: Int16 { Shard.of(hash: aggregate) }
    var routingKey: String { row.routingKey }
    var messageID: String { row.messageID }
    var body: ArraySlice<UInt8> { row.body[...] }
  }

  /// A row as it is inserted; an object for the same reason.
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
      aggregate = message.aggregate
      let row = message.row
      (exchange, routingKey, messageID) = (row.exchange, row.routingKey, row.messageID)
      (contentType, headers) = (row.contentType, row.headers)
      (messages, body) = (1, row.body)
    }

    init(packet: ArraySlice<Hashed>) {
      shard = packet.first?.shard ?? 0
      aggregate = 0
      (exchange, routingKey, messageID) = (Packet.exchange, Packet.routingKey, "")
      (contentType, headers) = (OutboxRow.eventContentType, nil)
      (messages, body) = (Int16(clamping: packet.count), Packet.encode(packet))
    }

    /// Whether it agrees in what most rows agree in.
    func isInserted(like other: Inserted) -> Bool {
      exchange == other.exchange && contentType == other.contentType && headers == other.headers
        && messages == other.messages
    }
  }
}
