import Postgres

/// What is to be deleted from the outbox, or to be taken out of a row's packet, once the broker has confirmed it: many
/// rows with one commit, which has to reach the disk.
struct SettledRows {
  /// Rows of which all messages were confirmed, and packets of which some were not.
  private var settled: [(shard: Int16, id: Int64)] = []
  private var shrunk: [RowInHand] = []
  /// What the server is deleting or has been given less of: its answer is read before the next question.
  private var changing: [Int64] = []
  private var unanswered = 0
  private var nextDeletion = ContinuousClock.now

  /// A deletion's commit has to reach the disk; more rows share one.
  private static let interval = Duration.milliseconds(10)
  private static let most = 1_000

  /// Whether the server is to be told now.
  var isDue: Bool { settled.count >= SettledRows.most || ContinuousClock.now >= nextDeletion }

  /// All of a row's messages were confirmed.
  mutating func delete(_ row: RowInHand) { settled.append((row.shard, row.id)) }

  /// Some of a packet's messages were confirmed, and the others let go.
  mutating func shrink(_ row: RowInHand) { shrunk.append(row) }

  /// Tells the server, in one transaction: what was confirmed is gone from all rows or from none, so that whoever has
  /// to repeat repeats a suffix of each aggregate's messages.
  mutating func send(on database: Connection) throws {
    guard !settled.isEmpty || !shrunk.isEmpty else { return }
    nextDeletion = .now + SettledRows.interval
    for row in shrunk { try database.send(OutboxStatements.shrink, row.remainder) }
    if !settled.isEmpty {
      try database.send(OutboxStatements.settle, [.int2s(settled) { $0.shard }, .ints(settled) { $0.id }])
    }
    try database.sync()
    unanswered = shrunk.count + (settled.isEmpty ? 0 : 1)
    changing = shrunk.map(\.id) + settled.map(\.id)
    shrunk.removeAll()
    settled.removeAll(keepingCapacity: true)
  }

  /// Reads the server's answer, if one is to come.
  ///
  /// - Returns: The rows that it was told of.
  mutating func finish(on database: Connection) throws -> [Int64] {
    guard unanswered > 0 else { return [] }
    for _ in 0..<unanswered { _ = try database.receive() }
    try database.receiveSync()
    unanswered = 0
    defer { changing.removeAll(keepingCapacity: true) }
    return changing
  }
}
