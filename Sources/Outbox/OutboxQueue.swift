import Contracts
import Postgres

/// A row that waits for its relay: one object, kept until the broker has answered for it.
public final class WaitingRow: Sendable {
  /// Its shard.
  public let shard: Int16
  /// Its place within the shard.
  public let id: Int64
  /// Hash of its aggregate.
  public let aggregate: Int64
  /// Where to publish it.
  public let exchange: String
  /// The key to publish it with.
  public let routingKey: String
  /// The AMQP message id.
  public let messageID: String
  /// The AMQP content type.
  public let contentType: String
  /// AMQP headers as a JSON object, or nil.
  public let headers: String?
  /// The message.
  public let body: [UInt8]

  init(_ rows: Rows, _ row: Int) {
    shard = rows.int2(row, 0)
    id = rows.int(row, 1)
    aggregate = rows.int(row, 2)
    exchange = rows.text(row, 3)
    routingKey = rows.text(row, 4)
    messageID = rows.text(row, 5)
    contentType = rows.text(row, 6)
    headers = rows.optionalText(row, 7)
    body = rows.bytes(row, 8)
  }
}

/// A relay's view of the outbox: the shards it owns, what waits in them, and what has been confirmed.
///
/// A relay owns a shard by a session advisory lock: a relay that dies gives up its shards with its connection. Rows are
/// never read with `id > last` alone, because ids are not committed in order: each shard's floor only skips the dead
/// head of the index and rows that are held back. It falls back to 0 whenever a fetch comes back short, and every
/// second one fetch begins at 0 and then goes on where the last one ended.
public final class OutboxQueue {
  private let database: Connection
  private var floors: [Int16: Int64] = [:]
  /// Where to go on after the fetch that looks back.
  private var resume: [Int16: Int64] = [:]
  private var settled: [(shard: Int16, id: Int64)] = []
  /// What the server is deleting: its answer is read before the next question.
  private var deleting: [(shard: Int16, id: Int64)] = []
  /// Shards whose last fetch began with their oldest row.
  private var fromStart: Set<Int16> = []

  /// - Parameter database: A connection of the relay's own: its session holds the shards.
  public init(_ database: Connection) throws {
    self.database = database
    _ = try database.query(OutboxStatements.join)
  }

  /// The shards that this relay owns now.
  public var shards: [Int16] { floors.keys.sorted() }

  /// Takes its fair share of the shards: frees the surplus when others have come, takes free ones up to its share.
  ///
  /// To be called when nothing taken is unsettled.
  ///
  /// - Returns: How many relays share the work.
  public func balance() throws -> Int {
    try finishDeletion()
    let relays = max(1, Int(try database.query(OutboxStatements.relays).int(0, 0)))
    let share = (Int(Shard.count) + relays - 1) / relays
    for shard in shards.dropFirst(share) {
      _ = try database.query(OutboxStatements.disown, [.int4(Int32(shard))])
      floors[shard] = nil
      resume[shard] = nil
    }
    for shard in 0..<Shard.count where floors.count < share && floors[shard] == nil {
      if try database.query(OutboxStatements.own, [.int4(Int32(shard))]).bool(0, 0) { floors[shard] = 0 }
    }
    return relays
  }

  /// Lets the next ``take(_:)`` read every shard from its beginning: finds rows whose transactions committed late. The
  /// one after that goes on where the last one ended, or many rows held back would hide what is behind them for ever.
  public func lookBack() {
    for (shard, floor) in floors where floor > 0 {
      resume[shard] = max(floor, resume[shard] ?? 0)
      floors[shard] = 0
    }
  }

  /// Remembers that the broker has confirmed a row; it is deleted with the next ``take(_:)``.
  public func settle(_ row: WaitingRow) { settled.append((row.shard, row.id)) }

  /// Lets a row that was taken but not published, and all rows behind it, be taken again.
  public func giveBack(_ row: WaitingRow) { rewind(row.shard, to: row.id - 1) }

  /// Lets all rows behind this one be taken again: some were held back because of it.
  public func rewind(behind row: WaitingRow) { rewind(row.shard, to: row.id) }

  private func rewind(_ shard: Int16, to id: Int64) {
    floors[shard] = min(floors[shard] ?? 0, id)
    if let later = resume[shard] { resume[shard] = min(later, id) }
  }

  /// Takes the next rows and deletes what was settled.
  ///
  /// The question comes first: the deletion's commit has to reach the disk, and nobody has to wait for that but the
  /// next question.
  ///
  /// - Parameter limit: About how many rows; divided among the shards.
  /// - Returns: Rows in id order.
  public func take(_ limit: Int) throws -> [WaitingRow] {
    try finishDeletion()
    let shards = shards
    let perShard = max(16, limit / max(1, shards.count))
    try database.send(
      OutboxStatements.take,
      [.int2s(shards), .ints(shards) { floors[$0] ?? 0 }, .int(Int64(perShard)), .ints(settled) { $0.id }])
    try database.sync()
    try sendDeletion()
    let rows = try database.receive()
    try database.receiveSync()
    fromStart = Set(shards.filter { (floors[$0] ?? 0) == 0 })
    let taken = (0..<rows.count).map { WaitingRow(rows, $0) }
    advanceFloors(taken, perShard: perShard)
    return taken
  }

  /// Whether the last ``take(_:)`` read this shard from its oldest row on.
  public func wasTakenFromStart(_ shard: Int16) -> Bool { fromStart.contains(shard) }

  /// Whether the last ``take(_:)`` reached the end of every shard.
  public var isAtEnd: Bool { floors.values.allSatisfy { $0 == 0 } }

  /// Deletes what was settled, without taking more: before stopping.
  public func flush() throws {
    try finishDeletion()
    try sendDeletion()
    try finishDeletion()
  }

  /// How much waits, and for how long the oldest has.
  ///
  /// - Returns: Rows (counted up to 100,000) and milliseconds.
  public func backlog() throws -> (rows: Int64, oldestMilliseconds: Int64) {
    try finishDeletion()
    let rows = try database.query(OutboxStatements.backlog)
    return (rows.int(0, 0), rows.int(0, 1))
  }

  private func sendDeletion() throws {
    guard !settled.isEmpty else { return }
    try database.send(OutboxStatements.settle, [.int2s(settled) { $0.shard }, .ints(settled) { $0.id }])
    try database.sync()
    swap(&settled, &deleting)
  }

  /// Reads the answer to a deletion that is under way: before the connection is used for anything else.
  public func finishDeletion() throws {
    guard !deleting.isEmpty else { return }
    _ = try database.receive()
    try database.receiveSync()
    deleting.removeAll(keepingCapacity: true)
  }

  private func advanceFloors(_ taken: [WaitingRow], perShard: Int) {
    var counts: [Int16: Int] = [:]
    var last: [Int16: Int64] = [:]
    for row in taken {
      counts[row.shard, default: 0] += 1
      last[row.shard] = row.id
    }
    for shard in floors.keys {
      let isShort = counts[shard, default: 0] < perShard
      floors[shard] = isShort ? 0 : max(last[shard] ?? 0, resume[shard] ?? 0)
      resume[shard] = nil
    }
  }
}
