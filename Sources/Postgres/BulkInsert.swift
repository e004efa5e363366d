/// An INSERT of many rows, and the same one for rows that agree in some columns, whose value is then given once.
///
/// Each value of an array is received, taken out of the array and copied by the server on its own; most batches repeat
/// the same few words in each of their rows.
///
/// ```swift
/// static let entries = BulkInsert(
///   "ledger_insert", into: "stock_ledger",
///   [.each("balance_id", "int8"), .alike("bucket", "text"), .once("consumer", "text")])
/// ```
public struct BulkInsert: Sendable {
  /// A column of the rows to insert.
  public struct Column: Sendable {
    let name: String
    let type: String
    let kind: Kind

    enum Kind: Hashable, Sendable {
      case each
      case alike
      case once
      case copy(String)
      case literal(String)
    }

    /// A value of its own for each row: an array.
    public static func each(_ name: String, _ type: String) -> Column { Column(name: name, type: type, kind: .each) }
    /// An array, or one value where all rows have the same.
    public static func alike(_ name: String, _ type: String) -> Column { Column(name: name, type: type, kind: .alike) }
    /// One value for all rows.
    public static func once(_ name: String, _ type: String) -> Column { Column(name: name, type: type, kind: .once) }
    /// The same values as another column, without a parameter of its own.
    public static func copy(_ name: String, of other: String) -> Column {
      Column(name: name, type: "", kind: .copy(other))
    }
    /// A literal of SQL, without a parameter.
    public static func literal(_ name: String, _ sql: String) -> Column {
      Column(name: name, type: "", kind: .literal(sql))
    }
  }

  /// For rows that may differ in all columns but those given once.
  public let differing: Statement
  /// For rows that agree in the columns that are `alike`.
  public let agreeing: Statement

  /// - Parameters:
  ///   - name: Of the first statement; the second one's ends in `_alike`.
  ///   - table: Where to.
  ///   - columns: In the order of the parameters; the first one must be of `each`, and a copy stands behind its other.
  public init(_ name: String, into table: String, _ columns: [Column]) {
    differing = BulkInsert.statement(name, table, columns, agreeing: false)
    agreeing = BulkInsert.statement("\(name)_alike", table, columns, agreeing: true)
  }

  private static func statement(_ name: String, _ table: String, _ columns: [Column], agreeing: Bool) -> Statement {
    var parameters = 0
    var values: [String] = []
    for column in columns {
      switch column.kind {
      case .literal(let sql): values.append(sql)
      case .copy(let other): values += columns.firstIndex { $0.name == other }.map { [values[$0]] } ?? []
      case .each, .alike, .once:
        parameters += 1
        let isArray = column.kind == .each || (column.kind == .alike && !agreeing)
        values.append(isArray ? "unnest($\(parameters)::\(column.type)[])" : "$\(parameters)::\(column.type)")
      }
    }
    return Statement(
      name: name,
      sql: """
        insert into \(table) (\(columns.map(\.name).joined(separator: ", ")))
        select \(values.joined(separator: ", "))
        """)
  }
}
