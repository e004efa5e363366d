/// What went wrong with a statement or a connection.
///
/// The text never contains a password. ``detail`` may contain values of the row at fault.
public struct PostgresError: Error, Sendable {
  /// The server's code, or one of class 08 where the server could not be asked.
  public var sqlState: SQLState
  /// The server's or libpq's message.
  public var message: String
  /// The server's further explanation, such as the key that exists already.
  public var detail: String?
  /// The constraint that was violated.
  public var constraint: String?
  /// The table that the error is about.
  public var table: String?
  /// The column that the error is about.
  public var column: String?
  /// The name of the statement that failed, or the beginning of its text where it has no name.
  public var statement: String?
  /// What the caller can do about it.
  public var category: ErrorCategory
  /// Whether the connection is gone. Whatever was not answered before may or may not have happened.
  public var isConnectionLost: Bool

  /// An error; its category follows from the code and the message.
  public init(
    sqlState: SQLState, message: String, detail: String? = nil, constraint: String? = nil, table: String? = nil,
    column: String? = nil, statement: String? = nil, routine: String? = nil, isConnectionLost: Bool = false
  ) {
    self.sqlState = sqlState
    self.message = message
    self.detail = detail
    self.constraint = constraint
    self.table = table
    self.column = column
    self.statement = statement
    self.isConnectionLost = isConnectionLost
    let judged = ErrorCategory(sqlState, message: message, routine: routine)
    category = isConnectionLost ? .infrastructure : judged
  }
}

extension PostgresError: CustomStringConvertible {
  /// One line: code, message, detail, and what they are about. It may be logged: where the detail is the row itself,
  /// with the customer and the message's body in it, it is left out; `detail` has it.
  public var description: String {
    var text = "\(sqlState): \(message)"
    if let detail, !quotesRow { text += " (\(detail))" }
    if let constraint { text += " [constraint \(constraint)]" }
    if let statement { text += " [statement \(statement)]" }
    return text
  }

  /// Of violated rules the server says "Failing row contains (…)" or "Key (…)=(…) already exists".
  private var quotesRow: Bool { ["22", "23"].contains(sqlState.errorClass) }
}
