import Contracts
import Postgres

/// A relay's view of the outbox: the shards it owns, what waits in them, and what has been confirmed.
///
/// A relay owns a shard by a session advisory lock: a relay that dies gives up its shards with its connection. Where to
/// read on in a shard is ``ShardPosition``'s to say. A row that was handed out is not handed out again until it is
/// released.
public final class OutboxQueue {
  let database: Connection
  private var positions = ShardPositions()
  /// Handed out and neither deleted nor released, by their ids.
  private var inHand: [Int64: RowInHand] = [:]
  private var settled = SettledRows()
  /// How many messages a row had in the last answer with rows; many at first, lest the first question bring too much.
  private var messagesPerRow = Packet.largestCount
  /// What the server was asked for.
  private var question: Question?
  /// Rows that the last answer left out, because they were in hand.
  private var passedOver: Set<Int64> = []
  private var nextLookBack = ContinuousClock.now
  private var horizon = Horizon()
  private var nextLook = ContinuousClock.now
  /// How long the server may take for an answer.
  private var timeLimit: Duration

  private struct Question {
    let shards: [Int16]
    /// Whether it is for what lies behind one id, whatever its shard; otherwise for each shard's oldest.
    let isTogether: Bool
    /// Whether it is for so few rows that their bytes are not counted.
    let isFew: Bool
    /// How many rows together, or of each shard.
    let limit: Int
    let bytes: Int
    let looksBack: Bool
    let passedOver: Set<Int64>
    /// Whether a look at who writes follows.
    let looks: Bool
    /// Whether a shard has to be read again from before where this began.
    var isVoid = false
    let asked = ContinuousClock.now
  }

  /// How many rows of a shard one question may bring, few enough should all of them turn out to be packets.
  private static let rowsPerShard = 8...64
  /// The same of all shards, when they are read together.
  private static let mostTogether = 256
  /// Of these even the largest are not too many bytes.
  private static let fewRows = 16
  /// Whether the last answer ended with the last row there was: few will have come since.
  public private(set) var isAtEnd = false
  /// How often it looks at who writes, as long as nobody is late.
  private static let lookInterval = Duration.milliseconds(100)
  /// How much time a question gets at most. Dead rows by the million lie before what waits when somebody's transaction
  /// stays open for hours.
  private static let longestTime = Duration.seconds(600)

  /// - Parameter database: A connection of the relay's own: its session holds the shards.
  public init(_ database: Connection) throws {
    self.database = database
    timeLimit = database.statementTimeout
    _ = try database.query(OutboxStatements.join)
    // Prepared now: the first answer to a question is the rows then.
    _ = try database.query(OutboxStatements.take, [.int2s([]), .ints([]), .int(0), .ints([]), .int(0)])
    _ = try database.query(OutboxStatements.takeTogether, [.int2s([]), .int(0), .int(0), .ints([]), .int(0)])
  }

  /// The shards that this relay owns now, in order.
  public var shards: [Int16] { positions.shards }

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
    for shard in 0..<Shard.count where shards.count < share && positions[shard] == nil {
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
    lookBack()
  }

  func lookBack() { positions.lookBack() }

  // MARK: Taking rows

  /// Whether rows were asked for and have not been received.
  public var isAsking: Bool { question != nil }

  /// For how long that has been waited for; zero if nothing is.
  public var askingTime: Duration { question.map { $0.asked.duration(to: .now) } ?? .zero }

  /// Whether the answer is there, so that ``receive()`` does not wait for it.
  ///
  /// - Parameter limit: How long to wait for it.
  public func hasAnswer(waiting limit: Duration = .zero) throws -> Bool {
    guard let question else { return false }
    return try database.hasAnswer(
      waiting: limit, asked: question.asked, within: max(database.responseTimeout, timeLimit + .seconds(5)))
  }

  /// Asks for the next rows of some shards, and deletes what was settled, if that is due.
  ///
  /// The question comes first: the deletion's commit has to reach the disk, and nobody has to wait for that but the
  /// next question.
  ///
  /// - Parameters:
  ///   - shards: Owned ones.
  ///   - perShard: About so many messages of each, if rows hold as many as lately.
  ///   - bytes: About so many bytes of bodies in all; at most the last one begins before so many and ends behind.
  public func ask(_ shards: [Int16], perShard: Int, bytes: Int = 16_000_000) throws {
    precondition(question == nil, "one question at a time")
    try finishDeletion()
    let question = question(for: shards, perShard: perShard, bytes: bytes)
    self.question = question
    let floors = shards.map { positions[$0]?.floor ?? 0 }
    let parameters: [Parameter] = [
      .int2s(shards), question.isTogether ? .int(floors[0]) : .ints(floors), .int(Int64(question.limit)),
      .ints(Array(question.passedOver)),
    ]
    if question.isFew {
      try database.send(OutboxStatements.takeFew, parameters)
    } else {
      try database.send(
        question.isTogether ? OutboxStatements.takeTogether : OutboxStatements.take, parameters + [.int(Int64(bytes))])
    }
    if question.looks {
      for statement in OutboxStatements.look { try database.send(statement) }
      nextLook = .now + OutboxQueue.lookInterval
    }
    try database.sync()
    if settled.isDue { try settled.send(on: database) }
  }

  private func question(for shards: [Int16], perShard: Int, bytes: Int) -> Question {
    let asked = shards.compactMap { positions[$0] }
    let allowed = OutboxQueue.rowsPerShard
    let rows = min(max(perShard / messagesPerRow, allowed.lowerBound), allowed.upperBound)
    let looksBack = asked.contains(where: \.isLookingBack)
    // What is held back of a shard must not fill a look back's answer, or others would never be met; and the rows of
    // another relay's shards may be many before the end.
    let isTogether =
      !looksBack && shards == self.shards && asked.allSatisfy { $0.floor > 0 && $0.floor == asked[0].floor }
    // Beyond all that was read nothing is in hand.
    let mayRepeat = asked.contains(where: \.isBehind)
    let isFew = isTogether && isAtEnd
    let together = isFew ? OutboxQueue.fewRows : min(rows * shards.count, OutboxQueue.mostTogether)
    return Question(
      shards: shards, isTogether: isTogether, isFew: isFew, limit: isTogether ? together : rows, bytes: bytes,
      looksBack: looksBack, passedOver: mayRepeat ? Set(inHand.keys) : [],
      looks: horizon.isUncertain || ContinuousClock.now >= nextLook)
  }

  /// Receives what was asked for.
  ///
  /// - Returns: Messages of rows in id order, none of which is handed out already; and whether each shard was read to
  ///   its end. None when a transaction that was late has ended, or what was held back is to be read again: they come
  ///   once more, behind that.
  public func receive() throws -> (messages: [WaitingMessage], isEnd: Bool) {
    guard let question else { return ([], true) }
    self.question = nil
    isAtEnd = false
    passedOver = question.passedOver
    guard let rows = try answer() else { return ([], false) }
    // Of before the reading: whoever ended since is to be found behind it.
    let before = horizon.id
    let haveEnded = try question.looks && look()
    try database.receiveSync()
    if question.looksBack {
      nextLookBack = max(nextLookBack, ContinuousClock.now + question.asked.duration(to: .now) * 30)
    }
    if haveEnded || question.isVoid { return ([], false) }
    var fetched: [Int16: (count: Int, last: Int64)] = [:]
    var taken: [WaitingMessage] = []
    taken.reserveCapacity(rows.count)
    for row in 0..<rows.count {
      fetched[rows.int2(row, 0), default: (0, 0)].count += 1
      fetched[rows.int2(row, 0)]?.last = rows.int(row, 1)
      taken += hand(rows, row)
    }
    if !taken.isEmpty { messagesPerRow = max(1, taken.count / rows.count) }
    // With fewer bytes than that there would have been place for the next row.
    let isCut = !question.isFew && (0..<rows.count).reduce(0) { $0 + rows.size($1, 8) } >= question.bytes
    isAtEnd = advance(question, to: fetched, isCut: isCut, horizon: before)
    return (taken, isAtEnd)
  }

  /// The rows, or nil where the server has given the question up, because reading took too long: it is asked again,
  /// with more time. Connecting again would begin with the same question, and the same little time.
  private func answer() throws -> Rows? {
    do throws(PostgresError) {
      return try database.receive()
    } catch {
      guard error.sqlState == .queryCanceled, timeLimit < OutboxQueue.longestTime else { throw error }
    }
    do throws(PostgresError) {
      try database.receiveSync()
    } catch {
      // Of what was skipped it tells again.
      if error.isConnectionLost { throw error }
    }
    try finishDeletion()
    timeLimit = min(timeLimit * 4, OutboxQueue.longestTime)
    try database.limitStatements(to: timeLimit)
    return nil
  }

  /// - Returns: Whether transactions have ended that were late: reading has gone back behind their ids.
  private func look() throws -> Bool {
    let drawn = try database.receive().int(0, 0)
    let writers = try database.receive()
    guard let floor = horizon.look(drawn: drawn, open: (0..<writers.count).map { writers.text($0, 0) }) else {
      return false
    }
    positions.rewind(to: floor)
    return true
  }

  /// The messages of a row that is in nobody's hands.
  private func hand(_ rows: Rows, _ row: Int) -> [WaitingMessage] {
    let id = rows.int(row, 1)
    guard inHand[id] == nil else { return [] }
    let messages = WaitingMessage.all(rows, row)
    inHand[id] = RowInHand(shard: rows.int2(row, 0), id: id, count: messages.count)
    return messages
  }

  /// - Parameter isCut: Whether rows may have been left out, because there are enough bytes without them.
  /// - Returns: Whether each shard was read to its end.
  private func advance(
    _ question: Question, to fetched: [Int16: (count: Int, last: Int64)], isCut: Bool, horizon: Int64
  ) -> Bool {
    let together = fetched.values.reduce((count: 0, last: 0)) { ($0.count + $1.count, max($0.last, $1.last)) }
    var isEnd = !isCut
    for shard in question.shards {
      let (count, last) = question.isTogether ? together : fetched[shard] ?? (0, 0)
      if count >= question.limit { isEnd = false }
      // Of this one nothing is known: all that came was before it.
      if isCut, count == 0 { continue }
      positions[shard]?.advance(to: last, isEnd: !isCut && count < question.limit, horizon: horizon)
    }
    return isEnd
  }

  /// Asks for the next rows of all shards and receives them.
  ///
  /// - Parameter limit: About how many messages; divided among the shards.
  public func take(_ limit: Int) throws -> [WaitingMessage] {
    let shards = shards
    while true {
      try ask(shards, perShard: max(16, limit / max(1, shards.count)))
      let (messages, isEnd) = try receive()
      if isEnd || !messages.isEmpty { return messages }
    }
  }

  /// Whether a row that could not be published was removed by somebody: the last fetch began with the oldest row of its
  /// shard and did not meet it, although nobody had it in hand.
  public func isGone(_ id: Int64, from shard: Int16) -> Bool {
    positions[shard]?.wasFromStart ?? false && !passedOver.contains(id) && inHand[id] == nil
  }

  /// Lets all rows behind this message's be read again: some were held back because of it.
  public func rewind(behind message: WaitingMessage) {
    positions[message.shard]?.rewind(to: message.id)
    question?.isVoid = true
  }

  // MARK: What became of them

  /// Remembers that the broker has confirmed a message; its row is deleted soon, with a later question, if that was its
  /// last.
  ///
  /// - Returns: Whether none of its row's messages is in hand any more.
  @discardableResult
  public func settle(_ message: WaitingMessage) -> Bool {
    inHand[message.id]?.confirm()
    return putDown(message.id)
  }

  /// Lets a message that was not published be handed out again, with the next look back at the latest. What was
  /// confirmed of that row is taken out of it before.
  ///
  /// - Returns: Whether none of its row's messages is in hand any more.
  @discardableResult
  public func release(_ message: WaitingMessage) -> Bool {
    inHand[message.id]?.letGo(message)
    return putDown(message.id)
  }

  private func putDown(_ id: Int64) -> Bool {
    guard let row = inHand[id], !row.isOpen else { return false }
    if row.rest.isEmpty {
      settled.delete(row)
    } else if row.confirmed == 0 {
      inHand[id] = nil
    } else {
      settled.shrink(row)
    }
    return true
  }

  /// Deletes what was settled, without taking more: before stopping.
  public func flush() throws {
    try settleDown()
    try settled.send(on: database)
    try finishDeletion()
  }

  /// Reads every answer that is still to come, before the connection is used for anything else. Rows that were asked
  /// for are read again later.
  public func settleDown() throws {
    if let question {
      self.question = nil
      if try answer() != nil {
        if question.looks { _ = try look() }
        try database.receiveSync()
      }
    }
    try finishDeletion()
  }

  /// Lets the server give up what it was asked for and has no answer to yet: before stopping.
  public func withdraw() throws {
    if question != nil, try !hasAnswer(waiting: .milliseconds(100)) { database.canceller().cancel() }
  }

  private func finishDeletion() throws {
    for id in try settled.finish(on: database) { inHand[id] = nil }
  }
}
