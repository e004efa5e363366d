import Contracts
import Outbox
import Postgres

/// Where an operator works on dead letters: looks, replays, discards. Every change leaves an entry in the audit trail.
///
/// Lane only; the connection is idle before and after each call.
public struct DeadLetterDesk {
  let database: Connection

  /// - Parameter database: The role tallyman_operator may do all of it.
  public init(_ database: Connection) { self.database = database }

  // MARK: Looking

  /// The records that a filter means, newest first, without their bodies.
  public func list(_ filter: DeadLetterFilter) throws -> [DeadLetterRecord] {
    let (condition, parameters) = filter.condition()
    // Found in the index first: only the page itself is read.
    let rows = try database.query(
      .once(
        """
        select \(DeadLetterRecord.shortColumns) from dead_letters
        where dead_letter_id in (
          select dead_letter_id from dead_letters where \(condition)
          order by dead_letter_id desc limit $\(parameters.count + 1))
        order by dead_letter_id desc
        """), parameters + [.int(Int64(filter.limit))])
    return (0..<rows.count).map { DeadLetterRecord(rows, $0) }
  }

  /// How many a filter means, its limit and page left aside.
  public func count(_ filter: DeadLetterFilter) throws -> Int64 {
    var filter = filter
    filter.before = nil
    let (condition, parameters) = filter.condition()
    return try database.query(.once("select count(*) from dead_letters where \(condition)"), parameters).int(0, 0)
  }

  /// Hands the numbers that a filter means to the body, the oldest first and fifty at a time: messages go back in the
  /// order in which they came. What becomes a dead letter meanwhile is left out.
  public func forEachPage(_ filter: DeadLetterFilter, _ body: ([Int64]) throws -> Void) throws {
    let end = try database.query(.once("select coalesce(max(dead_letter_id), 0) from dead_letters")).int(0, 0)
    var filter = filter
    filter.before = end + 1
    let (condition, parameters) = filter.condition(firstParameter: 2)
    var last: Int64 = 0
    while true {
      let rows = try database.query(
        .once(
          """
          select dead_letter_id from dead_letters where dead_letter_id > $1 and \(condition)
          order by dead_letter_id limit 50
          """), [.int(last)] + parameters)
      guard rows.count > 0 else { return }
      let ids = (0..<rows.count).map { rows.int($0, 0) }
      try body(ids)
      last = ids[ids.count - 1]
    }
  }

  /// One record with all that is kept of it, or nil if there is none of this number.
  public func record(_ id: Int64) throws -> DeadLetterRecord? {
    let rows = try database.query(
      .once("select \(DeadLetterRecord.columns) from dead_letters where dead_letter_id = $1"), [.int(id)])
    return rows.count == 0 ? nil : DeadLetterRecord(rows, 0)
  }

  /// What was done with a record, oldest first.
  public func actions(on id: Int64) throws -> [DeadLetterAction] {
    let rows = try database.query(
      .once(
        """
        select action, done_at, done_by, role, why, attempt, edits::text
        from dead_letter_actions where dead_letter_id = $1 order by action_id
        """), [.int(id)])
    return (0..<rows.count).map { row in
      DeadLetterAction(
        action: rows.text(row, 0), at: Timestamp(microseconds: rows.timestamp(row, 1)), by: rows.text(row, 2),
        role: rows.text(row, 3), why: rows.text(row, 4), attempt: rows.optionalInt4(row, 5),
        edits: rows.optionalText(row, 6))
    }
  }

  /// The other records of the same message, oldest first: what became of earlier attempts and of replays.
  public func relatives(of record: DeadLetterRecord) throws -> [DeadLetterRecord] {
    guard !record.messageID.isEmpty else { return [] }
    let rows = try database.query(
      .once(
        """
        select \(DeadLetterRecord.columns) from dead_letters
        where consumer = $1 and message_id = $2 and source = $3 and dead_letter_id <> $4 order by dead_letter_id
        """), [.text(record.consumer), .text(record.messageID), .text(record.source), .int(record.id)])
    return (0..<rows.count).map { DeadLetterRecord(rows, $0) }
  }

  // MARK: Resolving

  /// Who resolves, and why.
  public struct Order: Sendable {
    /// Who.
    public let by: String
    /// Why.
    public let why: String

    /// - Parameters:
    ///   - by: Who; not empty.
    ///   - why: Why; not empty.
    public init(by: String, why: String) {
      self.by = by
      self.why = why
    }
  }

  /// What became of one record.
  public enum Result: Sendable, Equatable {
    /// It goes back to its queue, as this attempt; what was corrected is a JSON array of field, was and is.
    case replayed(attempt: Int32, edits: String? = nil)
    /// It is closed.
    case discarded
    /// It was resolved before: nothing was changed.
    case alreadyResolved(String)
    /// It stays open, and why.
    case refused(String)
    /// There is no record of this number.
    case unknown
  }

  /// Closes records without applying them.
  ///
  /// - Returns: What became of each, in the order of the numbers.
  public func discard(_ ids: [Int64], _ order: Order) throws -> [(id: Int64, result: Result)] {
    try resolve(ids) { records, writes in
      try close(records.map(\.id), as: "discarded", order, &writes)
      for record in records { try trail(record.id, "discarded", order, replay: nil, &writes) }
      return records.map { ($0.id, .discarded) }
    }
  }

  /// Sends records back to their own queue with the attempt raised, in the transaction that resolves them.
  ///
  /// - Parameters:
  ///   - ids: Which, at most a few hundred: their bodies are read.
  ///   - edits: Corrections, as path and new value.
  /// - Returns: What became of each, in the order of the numbers.
  public func replay(
    _ ids: [Int64], edits: [(path: String, value: String)] = [], _ order: Order
  ) throws -> [(id: Int64, result: Result)] {
    try resolve(ids) { records, writes in
      let now = try DatabaseClock.read(on: database)
      var results: [(Int64, Result)] = []
      var replays: [(id: Int64, replay: Replay)] = []
      for (record, attempt) in zip(records, try attempts(of: records)) {
        do throws(Malformed) {
          let replay = try Replay(of: record, edits: edits, after: attempt, at: now)
          replays.append((record.id, replay))
          results.append((record.id, .replayed(attempt: replay.attempt, edits: replay.editsJSON)))
        } catch {
          results.append((record.id, .refused("\(error)")))
        }
      }
      // Everything was asked: from here on only writes are sent.
      var outbox = OutboxWriter()
      for (id, replay) in replays {
        outbox.append(replay.row)
        try trail(id, "replayed", order, replay: replay, &writes)
      }
      if !replays.isEmpty { try close(replays.map(\.id), as: "replayed", order, &writes) }
      try outbox.send(to: &writes)
      return results
    }
  }

  /// Locks the records, leaves aside what is resolved, and commits what the body does with the rest.
  private func resolve(
    _ ids: [Int64], _ body: ([DeadLetterRecord], inout WriteSet) throws -> [(Int64, Result)]
  ) throws -> [(id: Int64, result: Result)] {
    let results: [Int64: Result] = try database.transaction {
      let rows = try database.query(DeadLetterStatements.lock, [.ints(ids)])
      let records = (0..<rows.count).map { DeadLetterRecord(rows, $0) }
      var results: [Int64: Result] = [:]
      for record in records where record.state != "open" {
        results[record.id] = .alreadyResolved(
          "already \(record.state) by \(record.resolution?.by ?? "") at \(record.resolution?.at.rfc3339 ?? "")")
      }
      var writes = WriteSet(on: database)
      for (id, result) in try body(records.filter { $0.state == "open" }, &writes) { results[id] = result }
      try writes.finish()
      return results
    }
    return ids.map { ($0, results[$0] ?? .unknown) }
  }

  /// The highest attempt that anybody knows of each message, in the order of the records.
  private func attempts(of records: [DeadLetterRecord]) throws -> [Int32] {
    let rows = try database.query(
      DeadLetterStatements.attempts,
      [.texts(records.map(\.consumer)), .texts(records.map(\.messageID)), .texts(records.map(\.source))])
    return (0..<rows.count).map { rows.int4($0, 0) }
  }

  private func close(_ ids: [Int64], as state: String, _ order: Order, _ writes: inout WriteSet) throws {
    try writes.send(
      DeadLetterStatements.close, [.ints(ids), .text(state), .text(order.by), .text(order.why)], changing: ids.count)
  }

  private func trail(_ id: Int64, _ action: String, _ order: Order, replay: Replay?, _ writes: inout WriteSet) throws {
    try writes.send(
      DeadLetterStatements.trail,
      [
        .int(id), .text(action), .text(order.by), .text(order.why), .int4(replay?.attempt), .text(replay?.editsJSON),
        .bytea(replay?.editsJSON == nil ? nil : replay?.row.body),
      ])
  }
}

/// The SQL of resolving.
enum DeadLetterStatements {
  static let lock = Statement(
    name: "dead_letter_lock",
    sql: """
      select \(DeadLetterRecord.columns) from dead_letters where dead_letter_id = any ($1::bigint[])
      order by dead_letter_id for update
      """)

  static let attempts = Statement(
    name: "dead_letter_attempts",
    sql: """
      select greatest(
        (select max(d.attempt) from dead_letters d
         where d.consumer = k.consumer and d.message_id = k.id and (k.source = '' or d.source = k.source)),
        (select max(i.attempt) from inbox i
         where i.consumer = k.consumer and i.message_id = k.id and (k.source = '' or i.source = k.source)), 0)::int4
      from unnest($1::text[], $2::text[], $3::text[]) with ordinality as k (consumer, id, source, place)
      order by k.place
      """)

  static let close = Statement(
    name: "dead_letter_close",
    sql: WriteSet.guarded(
      """
      update dead_letters set state = $2, resolved_at = clock_timestamp(), resolved_by = $3, resolved_why = $4
      where dead_letter_id = any ($1::bigint[]) and state = 'open'
      """, by: 5))

  static let trail = Statement(
    name: "dead_letter_trail",
    sql: """
      insert into dead_letter_actions (dead_letter_id, action, done_by, why, attempt, edits, sent_body)
      values ($1, $2, $3, $4, $5, $6::json, $7)
      """)
}
