import CPostgres

/// Owns libpq's `PGconn`: the only place that waits for its socket, and the only one that frees it.
///
/// The socket is non-blocking and the connection is in pipeline mode, except while a script runs.
final class Handle {
  private var connection: OpaquePointer?
  private let secrets: [String]
  let notices: NoticeSink

  /// Takes over an open connection.
  init(owning connection: OpaquePointer, secrets: [String], notices: NoticeSink) {
    self.connection = connection
    self.secrets = secrets
    self.notices = notices
  }

  deinit { close() }

  /// PQfinish: "closes the connection and frees memory"; the pointer is not used again. On a non-blocking socket it
  /// does not wait.
  func close() {
    if let connection { PQfinish(connection) }
    connection = nil
  }

  var isUsable: Bool {
    guard let connection else { return false }
    return PQstatus(connection) == CONNECTION_OK
  }

  var transactionStatus: PGTransactionStatusType {
    guard let connection else { return PQTRANS_UNKNOWN }
    return PQtransactionStatus(connection)
  }

  /// The connection, or an error if it is gone.
  func open() throws(PostgresError) -> OpaquePointer {
    guard let connection else {
      throw PostgresError(
        sqlState: .connectionFailure, message: "the connection is closed", isConnectionLost: true)
    }
    return connection
  }

  // MARK: Calls that can fail

  /// Makes a libpq call that returns 1 for success.
  ///
  /// - Throws: That the connection is lost, or, where it is not, that the call was wrong: a bug.
  func call(_ body: (OpaquePointer) -> Int32) throws(PostgresError) {
    let connection = try open()
    if body(connection) == 1 { return }
    if PQstatus(connection) != CONNECTION_OK { throw lost() }
    throw PostgresError(sqlState: .internalError, message: redact(String(cString: PQerrorMessage(connection))))
  }

  /// Sends all that is buffered, and reads meanwhile: a server that cannot get rid of its answers stops reading.
  func flush(until deadline: Deadline) throws(PostgresError) {
    let connection = try open()
    while true {
      let state = PQflush(connection)
      if state == 0 { return }
      if state < 0 { throw lost() }
      let events = SocketEvents.wait(for: [.readable, .writable], on: PQsocket(connection), until: deadline)
      if events.isEmpty { throw unanswered(deadline) }
      if events.contains(.readable) && PQconsumeInput(connection) == 0 { throw lost() }
    }
  }

  /// The next result, or nil where libpq marks the end of a statement's results.
  ///
  /// - Parameter deadline: Asked for when there is something to wait for: most results have arrived with others.
  func nextResult(until deadline: @autoclosure () -> Deadline) throws(PostgresError) -> OpaquePointer? {
    let connection = try open()
    var end: Deadline?
    while true {
      let state = PQflush(connection)
      if state < 0 { throw lost() }
      if PQisBusy(connection) == 0 { break }
      let wanted: SocketEvents = state == 1 ? [.readable, .writable] : .readable
      let limit = end ?? deadline()
      end = limit
      let events = SocketEvents.wait(for: wanted, on: PQsocket(connection), until: limit)
      if events.isEmpty { throw unanswered(limit) }
      // After an error here PQgetResult does not wait: it returns the server's last words, or says what happened.
      if events.contains(.readable) && PQconsumeInput(connection) == 0 { break }
    }
    return PQgetResult(connection)
  }

  /// Whether a notification has come, waiting for it until the deadline. All that have come are taken together.
  func takeNotifications(until deadline: Deadline) throws(PostgresError) -> Bool {
    let connection = try open()
    while true {
      if PQconsumeInput(connection) == 0 { throw lost() }
      var found = false
      while let notification = PQnotifies(connection) {
        PQfreemem(notification)
        found = true
      }
      if found { return true }
      if SocketEvents.wait(for: .readable, on: PQsocket(connection), until: deadline).isEmpty { return false }
    }
  }

  /// Whether the next result is there, waiting so long for its beginning. What has begun to arrive arrives at once,
  /// as a rule: for the rest it waits for a moment.
  func hasResult(waiting limit: Duration) throws(PostgresError) -> Bool {
    let connection = try open()
    var deadline = Deadline(after: limit)
    var hasBegun = false
    while PQisBusy(connection) != 0 {
      if SocketEvents.wait(for: .readable, on: PQsocket(connection), until: deadline).isEmpty { return false }
      // After an error reading the result tells what happened.
      if PQconsumeInput(connection) == 0 { return true }
      if !hasBegun { deadline = Deadline(after: .milliseconds(50)) }
      hasBegun = true
    }
    return true
  }

  // MARK: Errors

  /// Closes the connection and says why it is of no more use.
  func lost(_ message: String? = nil, state: SQLState = .connectionFailure) -> PostgresError {
    let reported = message ?? connection.map { redact(String(cString: PQerrorMessage($0))) } ?? ""
    close()
    return PostgresError(
      sqlState: state, message: reported.isEmpty ? "the connection was lost" : reported, isConnectionLost: true)
  }

  func unanswered(_ deadline: Deadline) -> PostgresError {
    lost("no answer from the server within \(deadline.limit); the connection is given up")
  }

  /// The error that a result holds. Frees nothing; closes the connection if the server ended it or its plans are stale.
  func error(in result: OpaquePointer, statement: String?) -> PostgresError {
    let severity = Diagnostic.read(Diagnostic.severity, of: result)
    let state = Diagnostic.read(Diagnostic.sqlState, of: result).map(SQLState.init(_:))
    let routine = Diagnostic.read(Diagnostic.routine, of: result)
    let ended = !isUsable || state == nil || severity == "FATAL" || severity == "PANIC"
    let error = PostgresError(
      sqlState: state ?? .connectionFailure,
      message: Diagnostic.read(Diagnostic.message, of: result)
        ?? redact(String(cString: PQresultErrorMessage(result))),
      detail: Diagnostic.read(Diagnostic.detail, of: result),
      constraint: Diagnostic.read(Diagnostic.constraint, of: result),
      table: Diagnostic.read(Diagnostic.table, of: result),
      column: Diagnostic.read(Diagnostic.column, of: result),
      statement: statement, routine: routine, isConnectionLost: ended || routine == "RevalidateCachedQuery")
    if error.isConnectionLost { close() }
    return error
  }

  private func redact(_ text: String) -> String { Secrets.redact(text, secrets) }
}
