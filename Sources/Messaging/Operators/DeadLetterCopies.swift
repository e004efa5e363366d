import Postgres

/// The copies in `<queue>.dead`, as the database sees them: which of them belong to resolved records.
public struct DeadLetterCopies {
  private let database: Connection
  private let queue: String

  /// - Parameters:
  ///   - database: The worker's role.
  ///   - queue: The work queue.
  public init(of queue: String, on database: Connection) {
    self.queue = queue
    self.database = database
  }

  /// Records that were resolved and whose copies have not been taken away yet; at most 10,000.
  public func pending() throws -> Set<Int64> { ids(try database.query(Self.pendingRows, [.text(queue)])) }

  /// Those of these numbers that are resolved.
  public func resolved(among numbers: [Int64]) throws -> Set<Int64> {
    ids(try database.query(Self.resolvedRows, [.ints(numbers)]))
  }

  /// Remembers that copies are gone.
  public func remove(_ numbers: some Collection<Int64>) throws {
    guard !numbers.isEmpty else { return }
    _ = try database.query(Self.mark, [.ints(Array(numbers))])
  }

  /// Gives up looking for copies that were not in the queue although all of it was read: the queue was emptied, or
  /// they were resolved long before. Fresh ones are spared: theirs may still be on its way through the outbox.
  public func giveUp(_ numbers: some Collection<Int64>) throws {
    guard !numbers.isEmpty else { return }
    _ = try database.query(Self.markOld, [.ints(Array(numbers))])
  }

  /// One process at a time: two that hold each other's messages would both find only half.
  ///
  /// - Returns: Whether this session may; ``unlock()`` ends it, as does the session's end.
  public func lock() throws -> Bool { try database.query(Self.lock, [.text(queue)]).bool(0, 0) }

  /// See ``lock()``.
  public func unlock() throws { _ = try database.query(Self.unlock, [.text(queue)]) }

  private func ids(_ rows: Rows) -> Set<Int64> { Set((0..<rows.count).map { rows.int($0, 0) }) }

  private static let pendingRows = Statement(
    name: "dead_letter_copies_pending",
    sql: """
      select dead_letter_id from dead_letters
      where queue = $1 and state <> 'open' and copy_removed_at is null order by dead_letter_id limit 10000
      """)

  private static let resolvedRows = Statement(
    name: "dead_letter_copies_resolved",
    sql: "select dead_letter_id from dead_letters where dead_letter_id = any ($1::bigint[]) and state <> 'open'")

  private static let mark = Statement(
    name: "dead_letter_copies_mark",
    sql: """
      update dead_letters set copy_removed_at = clock_timestamp()
      where dead_letter_id = any ($1::bigint[]) and copy_removed_at is null
      """)

  private static let markOld = Statement(
    name: "dead_letter_copies_give_up",
    sql: """
      update dead_letters set copy_removed_at = clock_timestamp()
      where dead_letter_id = any ($1::bigint[]) and copy_removed_at is null
        and resolved_at < clock_timestamp() - interval '10 minutes'
      """)

  private static let lock = Statement(
    name: "dead_letter_copies_lock",
    sql: "select pg_try_advisory_lock(hashtext('tallyman.dead_letter_copies'), hashtext($1))")

  private static let unlock = Statement(
    name: "dead_letter_copies_unlock",
    sql: "select pg_advisory_unlock(hashtext('tallyman.dead_letter_copies'), hashtext($1))")
}
