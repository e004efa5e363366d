import CPostgres
import Lanes
import Logging

/// A connection to PostgreSQL, driven by blocking calls on a lane.
///
/// Every wait has a bound (see ``ConnectionOptions``). Statements travel in libpq's pipeline mode: ``send(_:_:)``
/// queues, ``flush()`` or ``sync()`` makes the server answer, ``receive()`` reads the answers in order. ``query(_:_:)``
/// does all of that in one round trip.
///
/// An error in a pipeline makes the server skip everything up to the next Sync: call ``recover()``. When
/// ``isUsable`` is false the connection is closed: open another.
public final class Connection {
  let handle: Handle
  let options: ConnectionOptions
  var unanswered = UnansweredQueue()
  private var prepared: [String: PreparedStatement] = [:]
  private var block = ParameterBlock(capacity: 32)
  private var unflushedBytes = 0
  /// What made the server skip the rest of the current pipeline.
  private var pipelineFailure: PostgresError?

  /// At most this much is queued here before we make sure that the kernel has taken it.
  private static let unflushedLimit = 1 << 20

  /// Connects. Blocks until the connection is ready, at most ``ConnectionOptions/connectTimeout``.
  ///
  /// - Parameters:
  ///   - options: Where to, and the limits.
  ///   - logger: Receives the server's notices, at debug level.
  /// - Throws: An error of category infrastructure if the server cannot be reached or refuses.
  public init(_ options: ConnectionOptions, logger: Logger? = nil) throws(PostgresError) {
    Lane.requireCurrent()
    self.options = options
    let notices = NoticeSink()
    if let logger {
      notices.report = { severity, message in
        logger.debug("notice from PostgreSQL", metadata: ["severity": "\(severity)", "notice": "\(message)"])
      }
    }
    handle = try Handle.connect(options, notices: notices)
  }

  /// Whether the connection is open and free of errors that end it.
  public var isUsable: Bool { handle.isUsable }

  /// Whether nothing waits for an answer. A lost connection will never answer.
  public var isIdle: Bool { unanswered.isEmpty || !isUsable }

  /// Whether the answer to the oldest unanswered statement is there, so that ``receive()`` does not wait for it. The
  /// statement has been prepared before.
  ///
  /// - Parameters:
  ///   - limit: How long to wait for the answer to begin.
  ///   - asked: When the question was sent.
  ///   - bound: How long its answer may take in all.
  /// - Throws: That the connection is given up, when it takes longer, or is lost.
  public func hasAnswer(
    waiting limit: Duration, asked: ContinuousClock.Instant, within bound: Duration
  ) throws(PostgresError) -> Bool {
    if try handle.hasResult(waiting: limit) { return true }
    if asked.duration(to: .now) > bound { throw handle.unanswered(Deadline(after: bound)) }
    return false
  }

  /// Whether a transaction is open, as of the last Sync that was read.
  public var isInTransaction: Bool { isUsable && handle.transactionStatus != PQTRANS_IDLE }

  /// Closes the connection; an open transaction is rolled back by the server.
  public func close() { handle.close() }

  var deadline: Deadline { Deadline(after: options.effectiveResponseTimeout) }

  // MARK: Pipeline

  /// Queues a statement, preparing it if this connection sees it for the first time.
  ///
  /// Does not wait, except that after each megabyte it makes sure that the data has left.
  ///
  /// - Throws: An infrastructure error if the connection is lost. The statement's own errors come from ``receive()``.
  public func send(_ statement: Statement, _ parameters: [Parameter] = []) throws(PostgresError) {
    Lane.requireCurrent()
    try prepareIfNew(statement, parameters)
    let size = try handOver(statement, parameters)
    unanswered.append(.statement(statement))
    unflushedBytes += size
    if unflushedBytes > Self.unflushedLimit {
      try handle.flush(until: deadline)
      unflushedBytes = 0
    }
  }

  /// - Returns: The size of the parameters, in bytes.
  private func handOver(_ statement: Statement, _ parameters: [Parameter]) throws(PostgresError) -> Int {
    if parameters.count > block.capacity { block = ParameterBlock(capacity: parameters.count) }
    let block = block
    let count = Int32(clamping: parameters.count)
    let size = block.point(at: parameters)
    try handle.call { connection in
      // What the block points at belongs to the parameters.
      withExtendedLifetime(parameters) {
        if statement.name.isEmpty {
          PQsendQueryParams(
            connection, statement.sql, count, parameters.map(\.type), block.values, block.lengths, block.formats, 1)
        } else {
          PQsendQueryPrepared(connection, statement.name, count, block.values, block.lengths, block.formats, 1)
        }
      }
    }
    return size
  }

  /// Makes the server answer what has been queued so far, without ending anything, and sends it all.
  public func flush() throws(PostgresError) {
    Lane.requireCurrent()
    try handle.call { PQsendFlushRequest($0) }
    try push()
  }

  /// Queues a Sync, the end of a pipeline, and sends it all. Without an open transaction this commits.
  public func sync() throws(PostgresError) {
    Lane.requireCurrent()
    try handle.call { PQpipelineSync($0) }
    unanswered.append(.sync)
    try push()
  }

  private func push() throws(PostgresError) {
    try handle.flush(until: deadline)
    unflushedBytes = 0
    unanswered.markFlushed()
  }

  /// Reads the answer to the oldest unanswered statement, flushing first if it has never been flushed.
  ///
  /// - Throws: The statement's error. After an error every statement up to the next Sync fails with that same error:
  ///   call ``recover()``.
  public func receive() throws(PostgresError) -> Rows {
    Lane.requireCurrent()
    if unanswered.oldestIsUnflushed { try flush() }
    guard let oldest = unanswered.popFirst() else {
      _ = try handle.open()
      preconditionFailure("no statement is waiting for an answer")
    }
    switch oldest {
    case .sync: preconditionFailure("a Sync comes before the next statement: call receiveSync()")
    case .statement(let statement): return try answer(to: statement)
    case .preparation(let statement):
      do throws(PostgresError) {
        try answerToPreparation(of: statement)
      } catch {
        // The statement itself was skipped; its place in the queue goes with its preparation's.
        if !error.isConnectionLost, unanswered.popFirst() != nil { _ = try? answer(to: statement) }
        throw error
      }
      unanswered.dropFirst()
      return try answer(to: statement)
    }
  }

  /// Reads the answers up to the oldest Sync's, discarding rows of statements that were not received.
  ///
  /// - Throws: The first error among the answers read here; the pipeline is in order again all the same.
  public func receiveSync() throws(PostgresError) {
    Lane.requireCurrent()
    var first: PostgresError?
    while let next = unanswered.popFirst() {
      do throws(PostgresError) {
        switch next {
        case .preparation(let statement): try answerToPreparation(of: statement)
        case .statement(let statement): _ = try answer(to: statement)
        case .sync:
          try answerToSync()
          if let first { throw first }
          return
        }
      } catch {
        if error.isConnectionLost || next.isSync { throw error }
        first = first ?? error
      }
    }
    _ = try handle.open()
    preconditionFailure("no Sync is waiting for an answer")
  }

  /// Runs one statement and reads its rows, in one round trip. Outside of a transaction it commits.
  ///
  /// - Throws: The statement's error. The pipeline is in order afterwards; an open transaction has failed and wants
  ///   ``rollback()``.
  public func query(_ statement: Statement, _ parameters: [Parameter] = []) throws(PostgresError) -> Rows {
    Lane.requireCurrent()
    precondition(isIdle, "query while earlier statements wait for their answers")
    try send(statement, parameters)
    try sync()
    do throws(PostgresError) {
      let rows = try receive()
      try receiveSync()
      return rows
    } catch {
      if !error.isConnectionLost, !isIdle { try receiveSync() }
      throw error
    }
  }

  // MARK: Answers

  private func prepareIfNew(_ statement: Statement, _ parameters: [Parameter]) throws(PostgresError) {
    guard !statement.name.isEmpty else { return }
    if let known = prepared[statement.name] {
      precondition(known.sql == statement.sql, "two statements are called \(statement.name)")
      precondition(
        known.fits(parameters), "\(statement.name) is used with parameters of other types than the first time")
      return
    }
    let types = parameters.map(\.type)
    try handle.call { PQsendPrepare($0, statement.name, statement.sql, Int32(clamping: types.count), types) }
    prepared[statement.name] = PreparedStatement(sql: statement.sql, types: types)
    unanswered.append(.preparation(statement))
  }

  private func answerToPreparation(of statement: Statement) throws(PostgresError) {
    do throws(PostgresError) {
      _ = try readAnswer(statement)
    } catch {
      // Failed, or skipped after an earlier failure: the server does not know the name.
      prepared[statement.name] = nil
      throw error
    }
  }

  private func answer(to statement: Statement) throws(PostgresError) -> Rows {
    let rows = try readAnswer(statement)
    if statement.name == Statement.commit.name { try checkCommit(rows) }
    return rows
  }

  /// COMMIT in a failed transaction "succeeds" as ROLLBACK; one whose wait for a standby was cancelled, with a warning.
  private func checkCommit(_ rows: Rows) throws(PostgresError) {
    if handle.notices.sawUncertainCommit {
      throw handle.lost(
        "the commit stopped waiting for its synchronous standby; whether it lasts is unknown", state: .outcomeUnknown)
    }
    if rows.commandTag != "COMMIT" {
      throw PostgresError(
        sqlState: .inFailedTransaction, message: "the server answered COMMIT with \(rows.commandTag)",
        statement: Statement.commit.name)
    }
  }

  /// Reads a statement's result and the null that ends it.
  private func readAnswer(_ statement: Statement) throws(PostgresError) -> Rows {
    guard let result = try handle.nextResult(until: deadline) else { throw handle.lost() }
    let rows = Rows(owning: result)
    let status = PQresultStatus(result)
    if status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY {
      if try handle.nextResult(until: deadline) != nil { throw handle.lost("an answer without an end") }
      return rows
    }
    if status == PGRES_PIPELINE_ABORTED {
      _ = try handle.nextResult(until: deadline)
      throw pipelineFailure ?? handle.lost("an answer out of order")
    }
    guard status == PGRES_FATAL_ERROR else { throw handle.lost("unexpected answer to \(statement.label): \(status)") }
    let error = handle.error(in: result, statement: statement.label)
    if !error.isConnectionLost {
      _ = try handle.nextResult(until: deadline)
      pipelineFailure = error
    }
    throw error
  }

  private func answerToSync() throws(PostgresError) {
    guard let result = try handle.nextResult(until: deadline) else { throw handle.lost() }
    defer { PQclear(result) }
    if PQresultStatus(result) != PGRES_PIPELINE_SYNC {
      // Only the end of the session is told in place of a Sync's answer.
      let error = handle.error(in: result, statement: nil)
      throw error.isConnectionLost ? error : handle.lost(error.message)
    }
    pipelineFailure = nil
  }
}

/// What the server knows under a name.
private struct PreparedStatement {
  let sql: String
  let types: [UInt32]

  func fits(_ parameters: [Parameter]) -> Bool {
    guard parameters.count == types.count else { return false }
    for index in types.indices where parameters[index].type != types[index] { return false }
    return true
  }
}
