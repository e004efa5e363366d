import Postgres

/// Collects a transaction's outgoing messages and inserts them with one statement.
///
/// The ids are drawn by that insert, while the transaction holds the locks of the aggregates concerned: id order is
/// therefore the order in which an aggregate's events happened.
public struct OutboxWriter {
  private var shards: [Int16] = []
  private var aggregates: [Int64] = []
  private var exchanges: [String] = []
  private var routingKeys: [String] = []
  private var messageIDs: [String] = []
  private var contentTypes: [String] = []
  private var headers: [String?] = []
  private var bodies: [[UInt8]] = []

  /// An empty collection.
  public init() {}

  /// How many messages wait to be inserted.
  public var count: Int { bodies.count }

  /// Adds a message behind those already collected.
  public mutating func append(_ row: OutboxRow) {
    let hash = Shard.hash(row.aggregate)
    shards.append(Shard.of(hash: hash))
    aggregates.append(hash)
    exchanges.append(row.exchange)
    routingKeys.append(row.routingKey)
    messageIDs.append(row.messageID)
    contentTypes.append(row.contentType)
    headers.append(row.headers)
    bodies.append(row.body)
  }

  /// Queues the insert, and a wake-up for the relay when the batch is small.
  ///
  /// NOTIFY takes a lock that serialises commits. A small batch means low load, where latency counts and nothing waits
  /// for that lock; under high load the relay never sleeps and needs no wake-up.
  ///
  /// - Throws: ``PostgresError`` when the connection fails.
  public func send(to writes: inout WriteSet) throws(PostgresError) {
    guard count > 0 else { return }
    try writes.send(
      OutboxStatements.insert,
      [
        .int2s(shards), .ints(aggregates), .texts(exchanges), .texts(routingKeys), .texts(messageIDs),
        .texts(contentTypes), .texts(headers), .byteas(bodies),
      ], expecting: count)
    if count < 32 { try writes.send(OutboxStatements.notify, [], expecting: nil) }
  }
}
