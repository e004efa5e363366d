import CPostgres
import Lanes

extension Connection {
  /// Opens a transaction (READ COMMITTED unless the settings say otherwise).
  public func begin() throws(PostgresError) { _ = try query(.begin) }

  /// Commits.
  ///
  /// - Throws: 25P02 if the transaction had failed and was rolled back instead; 08007 if a synchronous standby did not
  ///   confirm, and an infrastructure error if the connection was lost: then the outcome is unknown.
  public func commit() throws(PostgresError) { _ = try query(.commit) }

  /// Rolls back, if a transaction is open.
  public func rollback() throws(PostgresError) {
    if isInTransaction { _ = try query(.rollback) }
  }

  /// Runs `body` in a transaction: committed if it returns, rolled back if it throws.
  ///
  /// - Throws: What `body` threw, or a ``PostgresError`` of begin or commit.
  public func transaction<Success>(_ body: () throws -> Success) throws -> Success {
    try begin()
    do {
      let value = try body()
      try commit()
      return value
    } catch {
      // The first error is the one to tell; if recovering fails, `isUsable` is false.
      if isUsable { try? recover() }
      throw error
    }
  }

  /// Runs `body` in a read-only transaction in which everything that it reads is from one moment.
  ///
  /// - Throws: What `body` threw, or a ``PostgresError`` of begin or rollback.
  public func snapshot<Success>(_ body: () throws -> Success) throws -> Success {
    _ = try query(.once("begin isolation level repeatable read, read only"))
    do {
      let value = try body()
      try rollback()
      return value
    } catch {
      // If even the rollback fails the connection is lost, and the server rolls back by itself.
      try? rollback()
      throw error
    }
  }

  /// Brings the connection back into order after an error inside a pipeline or a transaction: reads all that is
  /// unanswered and rolls back whatever is not committed. Does nothing if everything is in order.
  ///
  /// A COMMIT that was queued before may have happened.
  ///
  /// - Throws: An error if the connection is lost; it is closed then.
  public func recover() throws(PostgresError) {
    Lane.requireCurrent()
    _ = try handle.open()
    if unanswered.endsWithoutSync {
      // A Sync alone would commit what an implicit transaction has done so far.
      try send(.once("ROLLBACK"))
      try sync()
    }
    try drain()
    if isInTransaction {
      try send(.once("ROLLBACK"))
      try sync()
      try drain()
    }
    if isInTransaction { throw handle.lost("the transaction could not be rolled back") }
  }

  /// Does that after an error, whatever it was.
  ///
  /// - Parameter error: What happened.
  /// - Throws: If the connection is lost: the error itself where it ended the connection, since it says why; otherwise
  ///   what ended it now.
  public func recover(from error: any Error) throws {
    do throws(PostgresError) {
      try recover()
    } catch let loss {
      guard let cause = error as? PostgresError, cause.isConnectionLost else { throw loss }
      throw cause
    }
  }

  /// Reads all answers; only the loss of the connection is an error here.
  private func drain() throws(PostgresError) {
    while !isIdle {
      do throws(PostgresError) {
        try receiveSync()
      } catch {
        if error.isConnectionLost { throw error }
      }
    }
  }

  /// Runs several statements by the simple protocol, as migrations need it: they are one transaction unless the text
  /// says otherwise.
  ///
  /// - Parameters:
  ///   - sql: Statements separated by semicolons; no parameters, rows are discarded.
  ///   - limit: Longest time for all of them together, beside the server's `statement_timeout` for each.
  /// - Throws: The first error. A transaction that the text opened may then be open: see ``recover()``.
  public func script(_ sql: String, upTo limit: Duration = .seconds(600)) throws(PostgresError) {
    Lane.requireCurrent()
    precondition(isIdle && !unanswered.endsWithoutSync, "script while an earlier pipeline is open")
    let deadline = Deadline(after: limit)
    try handle.call { PQexitPipelineMode($0) }
    try handle.call { PQsendQuery($0, sql) }
    var first: PostgresError?
    while let result = try handle.nextResult(until: deadline) {
      defer { PQclear(result) }
      switch PQresultStatus(result) {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: continue
      case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: throw handle.lost("COPY is not possible in a script")
      default:
        let error = handle.error(in: result, statement: "script")
        if error.isConnectionLost { throw error }
        first = first ?? error
      }
    }
    try handle.call { PQenterPipelineMode($0) }
    if let first { throw first }
  }
}
