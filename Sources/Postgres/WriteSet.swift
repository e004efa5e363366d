/// A group of writes in a pipeline, and the COMMIT behind them.
///
/// ```swift
/// var writes = WriteSet(on: connection)
/// try writes.send(updateBalances, parameters, changing: balances.count)
/// try writes.send(insertLedger, parameters)
/// try writes.commit()
/// ```
/// One round trip for all of it: the server skips everything behind a failed statement, the COMMIT too. An update that
/// must change a certain number of rows says so to the server (see ``guarded(_:)``), because the client would see the
/// number when it is too late. An INSERT of rows that are given whole inserts all of them or fails.
public struct WriteSet {
  private let connection: Connection
  private var unanswered: [(statement: Statement, rows: Int?)] = []

  /// - Parameter connection: A connection on which nothing else is unanswered until ``commit()``.
  public init(on connection: Connection) { self.connection = connection }

  /// Number of statements that wait for ``commit()``.
  public var count: Int { unanswered.count }

  /// Queues a statement that may change any number of rows.
  ///
  /// - Parameters:
  ///   - statement: The statement.
  ///   - parameters: Its parameters.
  public mutating func send(_ statement: Statement, _ parameters: [Parameter] = []) throws(PostgresError) {
    try connection.send(statement, parameters)
    unanswered.append((statement, nil))
  }

  /// Queues an insert of many rows.
  ///
  /// - Parameters:
  ///   - insert: The insert.
  ///   - parameters: In the order of its columns: arrays of those of `each`, and of those that are `alike` what is made
  ///     of `alike:` rows.
  public mutating func send(_ insert: BulkInsert, _ parameters: [Parameter]) throws(PostgresError) {
    try send(insert.statement(for: parameters), parameters)
  }

  /// Queues a ``guarded(_:by:)`` statement that must change a certain number of rows.
  ///
  /// - Parameters:
  ///   - statement: Its text ends in the guard's parameter.
  ///   - parameters: Its parameters but for the last one.
  ///   - rows: The last one.
  public mutating func send(
    _ statement: Statement, _ parameters: [Parameter], changing rows: Int
  ) throws(PostgresError) {
    try connection.send(statement, parameters + [.int(Int64(rows))])
    unanswered.append((statement, rows))
  }

  /// Queues COMMIT, makes the server answer and reads all answers: one round trip.
  ///
  /// - Throws: The first statement's ``PostgresError``, or ``WriteMismatch`` when that statement was a guarded one
  ///   that changed another number of rows. Nothing is committed then: call ``Connection/recover()``. Or what
  ///   ``Connection/commit()`` throws.
  public mutating func commit() throws {
    try connection.send(.commit)
    try connection.sync()
    try receive()
    _ = try connection.receive()
    try connection.receiveSync()
  }

  /// Makes the server answer and reads all answers, without committing.
  ///
  /// - Throws: As ``commit()``.
  public mutating func finish() throws {
    if unanswered.isEmpty { return }
    try connection.flush()
    try receive()
  }

  private mutating func receive() throws {
    defer { unanswered.removeAll() }
    for (statement, rows) in unanswered {
      do throws(PostgresError) {
        _ = try connection.receive()
      } catch {
        guard let rows, error.sqlState == .divisionByZero else { throw error }
        throw WriteMismatch(statement: statement.label, expected: rows)
      }
    }
  }

  /// The text of an UPDATE or DELETE that fails unless it changes as many rows as the parameter behind its own says.
  ///
  /// What was locked is then what is written; anything else is a bug, or somebody who changes rows without their locks.
  /// The failure is a division by zero, which no statement of ours could mean otherwise.
  ///
  /// - Parameters:
  ///   - change: The command, without RETURNING.
  ///   - parameter: The number of the guard's parameter, of type `bigint`.
  public static func guarded(_ change: String, by parameter: Int) -> String {
    """
    with changed as (
    \(change)
    returning 1)
    select 1 / (count(*) = $\(parameter))::int from changed
    """
  }
}

/// A write changed another number of rows than it had to: what was locked is not what was written. A bug.
public struct WriteMismatch: Error, Sendable, Hashable, CustomStringConvertible {
  /// The statement's name.
  public let statement: String
  /// How many rows it had to change.
  public let expected: Int

  /// One line.
  public var description: String { "statement \(statement) did not change \(expected) rows as it had to" }
}
