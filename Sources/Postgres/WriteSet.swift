/// A group of writes in a pipeline, each with the number of rows that it must affect.
///
/// ```swift
/// var writes = WriteSet(on: connection)
/// try writes.send(updateBalances, parameters, expecting: balances.count)
/// try writes.send(insertLedger, parameters, expecting: entries.count)
/// try writes.finish()      // throws before anything is committed
/// try connection.commit()
/// ```
/// Send COMMIT after ``finish()``, or a mismatch is told when it is too late.
public struct WriteSet {
  private let connection: Connection
  private var expectations: [(statement: Statement, affected: Int?)] = []

  /// - Parameter connection: A connection on which nothing else is unanswered until ``finish()``.
  public init(on connection: Connection) { self.connection = connection }

  /// Number of statements that wait for ``finish()``.
  public var count: Int { expectations.count }

  /// Queues a statement.
  ///
  /// - Parameters:
  ///   - statement: The statement.
  ///   - parameters: Its parameters.
  ///   - affected: The number of rows that it must affect; nil if any number will do.
  public mutating func send(
    _ statement: Statement, _ parameters: [Parameter] = [], expecting affected: Int? = nil
  ) throws(PostgresError) {
    try connection.send(statement, parameters)
    expectations.append((statement, affected))
  }

  /// Makes the server answer and compares.
  ///
  /// - Throws: The first statement's ``PostgresError``, or else the first ``WriteMismatch``. Either way the transaction
  ///   must not be committed: call ``Connection/recover()``.
  public mutating func finish() throws {
    if expectations.isEmpty { return }
    defer { expectations.removeAll() }
    try connection.flush()
    var mismatch: WriteMismatch?
    for (statement, expected) in expectations {
      let actual = try connection.receive().affected
      guard let expected, expected != actual, mismatch == nil else { continue }
      mismatch = WriteMismatch(statement: statement.label, expected: expected, actual: actual)
    }
    if let mismatch { throw mismatch }
  }
}

/// A write affected another number of rows than it had to: what was locked is not what was written. A bug.
public struct WriteMismatch: Error, Sendable, Hashable, CustomStringConvertible {
  /// The statement's name.
  public let statement: String
  /// How many rows it had to affect.
  public let expected: Int
  /// How many it did.
  public let actual: Int

  /// One line.
  public var description: String { "statement \(statement) affected \(actual) rows instead of \(expected)" }
}
