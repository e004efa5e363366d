import Contracts
import Postgres

/// A relay's view of the outbox: the shards it owns, what waits in them, and what has been confirmed.
///
/// A relay owns a shard by a session advisory lock: a relay that dies gives up its shards with its connection. Where to
/// read on in a shard is ``ShardPosition``'s to say. A row that was handed out is not handed out again until it is
/// released.
public final class OutboxQueue {
  let database: Connection
  private var positions: [Int16: ShardPosition] = [:]
  /// Handed out and neither deleted nor released.
  private var known: Set<Int64> = []
  private var settled: [(shard: Int16, id: Int64)] = []
  /// What the server is deleting: its answer is read before the next question.
  private var deleting: [(shard: Int16, id: Int64)] = []
  private var nextDeletion = ContinuousClock.now
  /// What the server was asked for.
  private var question: Question?
  private var nextLookBack = ContinuousClock.now
  private var nextMark = ContinuousClock.now

  private struct Question {
    let shards: [Int16]
    let perShard: Int
    let looksBack: Bool
    let asked = ContinuousClock.now
  }

  /// A deletion's commit has to reach the disk; more rows share one.
  private static let deletionInterval = Duration.milliseconds(10)
  private static let largestDeletion = 1_000
  /// How far positions are remembered; far more than a transaction takes from drawing an id to its commit.
  private static let markInterval = Duration.milliseconds(250)

  /// - Parameter database: A connection of the relay's own: its session holds the shards.
  public init(_ database: Connection) throws {
    self.database = database
    _ = try database.query(OutboxStatements.join)
  }

  /// The shards that this relay owns now.
  public var shards: [Int16] { positions.keys.sorted() }

  /// Takes its fair share of the shards: frees the surplus when others have come, takes free ones up to its share.
  ///
  /// - Parameter losing: Called before shards are freed, with these: says whether nothing of theirs is on its way to
  ///   the broker any more, or their next owner would publish it again. Otherwise they are kept for now.
  /// - Returns: How many relays share the work.
  public func balance(losing: ([Int16]) throws -> Bool = { _ in true }) throws -> Int {
    try settleDown()
    let relays = max(1, Int(try database.query(OutboxStatements.relays).int(0, 0)))
    let share = (Int(Shard.count) + relays - 1) / relays
    var surplus = Array(shards.dropFirst(share))
    if !surplus.isEmpty, try !losing(surplus) { surplus = [] }
    if !surplus.isEmpty { try flush() }
    for shard in surplus {
      _ = try database.query(OutboxStatements.disown, [.int4(Int32(shard))])
      positions[shard] = nil
    }
    for shard in 0..<Shard.count where positions.count < share && positions[shard] == nil {
      if try database.query(OutboxStatements.own, [.int4(Int32(shard))]).bool(0, 0) {
        positions[shard] = ShardPosition()
      }
    }
    return relays
  }

  /// Lets the next fetch read every shard from its beginning, if that is due: finds rows whose transactions committed
  /// late, and what was held back.
  ///
  /// Every `interval`, but rarer when it takes long: dead rows that a long transaction keeps from being removed lie at
  /// the beginning, and looking through them must not take more than a thirtieth of the time.
  ///
  /// - Parameter interval: How often, at least.
  public func lookBack(every interval: Duration) {
    guard ContinuousClock.now >= nextLookBack else { return }
    nextLookBack = ContinuousClock.now + interval
    for shard in positions.keys { positions[shard]?.lookBack() }
  }

  // MARK: Taking rows

  /// Whether rows were asked for and have not been received.
  public var isAsking: Bool { question != nil }

  /// Whether the answer has begun to arrive, so that ``receive()`` does not wait for long.
  public func hasAnswer() throws -> Bool {
    guard let question else { return false }
    // What libpq has read already, while it sent, is not seen on the socket.
    return try database.hasInput || question.asked.duration(to: .now) > .milliseconds(10)
  }

  /// Asks for the next rows of some shards, and deletes what was settled, if that is due.
  ///
  /// The question comes first: the deletion's commit has to reach the disk, and nobody has to wait for that but the
  /// next question.
  ///
  /// - Parameters:
  ///   - shards: Owned ones.
  ///   - perShard: At most so many rows of each.
  public func ask(_ shards: [Int16], perShard: Int) throws {
    precondition(question == nil, "one question at a time")
    try finishDeletion()
    question = Question(
      shards: shards, perShard: perShard, looksBack: shards.contains { positions[$0]?.isLookingBack ?? false })
    // Beyond all that was read nothing is in hand.
    let mayRepeat = shards.contains { positions[$0]?.isBehind ?? false }
    try database.send(
      OutboxStatements.take,
      [
        .int2s(shards), .ints(shards) { positions[$0]?.floor ?? 0 }, .int(Int64(perShard)),
        .ints(mayRepeat ? Array(known) : []),
      ])
    try database.sync()
    if settled.count >= OutboxQueue.largestDeletion || ContinuousClock.now >= nextDeletion { try sendDeletion() }
  }

  /// Receives what was asked for.
  ///
  /// - Returns: Rows in id order, none of which is handed out already; and whether each shard was read to its end.
  public func receive() throws -> (rows: [WaitingRow], isEnd: Bool) {
    guard let question else { return ([], true) }
    self.question = nil
    let rows = try database.receive()
    try database.receiveSync()
    if question.looksBack {
      nextLookBack = max(nextLookBack, ContinuousClock.now + question.asked.duration(to: .now) * 30)
    }
    var fetched: [Int16: (count: Int, last: Int64)] = [:]
    var taken: [WaitingRow] = []
    taken.reserveCapacity(rows.count)
    for row in 0..<rows.count {
      let id = rows.int(row, 1)
      fetched[rows.int2(row, 0), default: (0, 0)].count += 1
      fetched[rows.int2(row, 0)]?.last = id
      if known.insert(id).inserted { taken.append(WaitingRow(rows, row)) }
    }
    if ContinuousClock.now >= nextMark {
      nextMark = .now + OutboxQueue.markInterval
      for shard in positions.keys { positions[shard]?.remember() }
    }
    var isEnd = true
    for shard in question.shards {
      let (count, last) = fetched[shard] ?? (0, 0)
      if count >= question.perShard { isEnd = false }
      positions[shard]?.advance(to: last, isEnd: count < question.perShard)
    }
    return (taken, isEnd)
  }

  /// Asks for the next rows of all shards and receives them.
  ///
  /// - Parameter limit: About how many rows; divided among the shards.
  public func take(_ limit: Int) throws -> [WaitingRow] {
    let shards = shards
    try ask(shards, perShard: max(16, limit / max(1, shards.count)))
    return try receive().rows
  }

  /// Whether the last fetch read this shard from its oldest row on.
  public func wasTakenFromStart(_ shard: Int16) -> Bool { positions[shard]?.wasFromStart ?? false }

  /// Lets all rows behind this one be read again: some were held back because of it.
  public func rewind(behind row: WaitingRow) { positions[row.shard]?.rewind(to: row.id) }

  // MARK: What became of them

  /// Remembers that the broker has confirmed a row; it is deleted soon, with a later question.
  public func settle(_ row: WaitingRow) { settled.append((row.shard, row.id)) }

  /// Lets a row that was not published be handed out again, when it is read the next time.
  public func release(_ row: WaitingRow) { known.remove(row.id) }

  /// Deletes what was settled, without taking more: before stopping.
  public func flush() throws {
    try settleDown()
    try sendDeletion()
    try finishDeletion()
  }

  /// Reads every answer that is still to come, before the connection is used for anything else. Rows that were asked
  /// for are read again later.
  public func settleDown() throws {
    if isAsking {
      question = nil
      _ = try database.receive()
      try database.receiveSync()
    }
    try finishDeletion()
  }

  /// How much waits, and for how long the oldest has.
  ///
  /// - Returns: Rows (counted up to 100,000) and milliseconds.
  public func backlog() throws -> (rows: Int64, oldestMilliseconds: Int64) {
    try settleDown()
    let rows = try database.query(OutboxStatements.backlog)
    return (rows.int(0, 0), rows.int(0, 1))
  }

  private func sendDeletion() throws {
    guard !settled.isEmpty else { return }
    nextDeletion = .now + OutboxQueue.deletionInterval
    try database.send(OutboxStatements.settle, [.int2s(settled) { $0.shard }, .ints(settled) { $0.id }])
    try database.sync()
    swap(&settled, &deleting)
  }

  private func finishDeletion() throws {
    guard !deleting.isEmpty else { return }
    _ = try database.receive()
    try database.receiveSync()
    for row in deleting { known.remove(row.id) }
    deleting.removeAll(keepingCapacity: true)
  }
}
