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
    var rows: [Hashed] = []
    rows.reserveCapacity(count)
    for pending in pending {
      switch pending {
      case .row(let row): rows.append(Hashed(row))
      case .events(let events): for index in events.indices { rows.append(Hashed(OutboxRow(events[index]))) }
      }
    }
    guard let first = rows.first?.row else { return }
    let agree = rows.allSatisfy {
      $0.row.exchange == first.exchange && $0.row.contentType == first.contentType && $0.row.headers == first.headers
    }
    try writes.send(
      agree ? OutboxStatements.insert.agreeing : OutboxStatements.insert.differing,
      [
        .int2s(rows) { Shard.of(hash: $0.aggregate) }, .ints(rows) { $0.aggregate },
        agree ? .text(first.exchange) : .texts(rows) { $0.row.exchange },
        .texts(rows) { $0.row.routingKey }, .texts(rows) { $0.row.messageID },
        agree ? .text(first.contentType) : .texts(rows) { $0.row.contentType },
        agree ? .text(first.headers) : .texts(optional: rows) { $0.row.headers }, .byteas(rows) { $0.row.body },
      ])
    if wakeUp?.isDue(for: count) ?? true { try writes.send(OutboxStatements.notify) }
  }

  /// An object, because each column reads every row: a value would be copied with all its texts each time.
  private final class Hashed {
    let row: OutboxRow
    let aggregate: Int64

    init(_ row: OutboxRow) {
      self.row = row
      aggregate = Shard.hash(row.aggregate)
    }
  }
}
