/// Something that always holds in the database, and the query that finds where it does not.
public struct Invariant: Sendable, Hashable {
  /// What follows from a violation.
  public enum Severity: String, Sendable, Codable {
    /// Something is wrong with the data: a fault of ours, or somebody's hand in the database.
    case violation
    /// Nothing is wrong with the data, but somebody should look.
    case warning
  }

  /// Names it for ever, such as `ledger_sum`.
  public let name: String
  /// What is promised, in a sentence.
  public let promise: String
  /// What the query counts.
  public let counted: String
  /// What follows from a violation.
  public let severity: Severity
  /// A query with one row for each thing that is checked and one column: null, or what is wrong with it in words.
  public let sql: String

  /// All of them, by name.
  public static let all: [Invariant] = EmbeddedSQL.files.map { Invariant(name: $0.name, text: $0.text) }
    .sorted { $0.name < $1.name }

  /// Reads a file of the folder Invariants. Its first line says what is promised; `counts:` and `severity:` follow.
  ///
  /// The files are part of this source, so a missing line is a mistake of ours that any test finds at once.
  init(name: String, text: String) {
    let comments = text.split(separator: "\n").prefix { $0.hasPrefix("-- ") }.map { $0.dropFirst(3) }
    func field(_ key: String) -> String? {
      comments.first { $0.hasPrefix(key + ": ") }.map { String($0.dropFirst(key.count + 2)) }
    }
    guard let promise = comments.first, let counted = field("counts"),
      let severity = Severity(rawValue: field("severity") ?? Severity.violation.rawValue)
    else {
      preconditionFailure("\(name).sql must begin with what it promises, what it counts and a known severity")
    }
    self.name = name
    self.promise = String(promise)
    self.counted = counted
    self.severity = severity
    sql = text
  }
}
