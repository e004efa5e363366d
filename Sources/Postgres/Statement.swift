/// A statement with a name.
///
/// A connection prepares it when it is first used there, in the same round trip. The types of its parameters are those
/// of the ``Parameter``s of that first use, and every later use must have the same; where a column has another type the
/// text says so (`$1::jsonb`).
public struct Statement: Sendable, Hashable {
  /// Identifies the statement on a connection, in logs and in metrics: one name, one text. Empty: see ``once(_:)``.
  public let name: String
  /// One SQL command with `$1`, `$2`, … for its parameters.
  public let sql: String

  /// - Parameters:
  ///   - name: A name that no other statement has.
  ///   - sql: One SQL command.
  public init(name: String, sql: String) {
    self.name = name
    self.sql = sql
  }

  /// A statement that is parsed each time it is sent and never kept prepared.
  public static func once(_ sql: String) -> Statement { Statement(name: "", sql: sql) }

  /// Opens a transaction; may travel at the head of a pipeline.
  public static let begin = Statement(name: "begin", sql: "BEGIN")
  /// Commits. Its answer is an error if the server rolled back instead, or cannot say.
  public static let commit = Statement(name: "commit", sql: "COMMIT")
  /// Rolls back.
  public static let rollback = Statement(name: "rollback", sql: "ROLLBACK")

  /// How errors call it.
  var label: String { name.isEmpty ? String(sql.prefix(60)) : name }
}
