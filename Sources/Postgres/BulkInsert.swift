import Synchronization

/// An INSERT of many rows, whose columns are arrays but for those in which all rows of a batch agree.
///
/// Each value of an array is received, taken out of the array and copied by the server on its own, and most batches
/// repeat the same few words in each of their rows. Each column that is `alike` is looked at for itself: an odd row
/// makes arrays only of the columns in which it is odd.
///
/// ```swift
/// static let entries = BulkInsert(
///   "ledger_insert", into: "stock_ledger",
///   [.each("balance_id", "int8"), .alike("bucket", "text"), .once("consumer", "text")])
///
/// try writes.send(
///   entries, [.ints(rows) { $0.balance }, .texts(alike: rows) { $0.bucket }, .text(consumer)])
/// ```
public final class BulkInsert: Sendable {
  /// A column of the rows to insert.
  public struct Column: Sendable {
    let name: String
    let type: String
    let kind: Kind

    enum Kind: Hashable, Sendable {
      case each
      case alike
      case once
      case literal(String)

      var hasParameter: Bool {
        switch self {
        case .each, .alike, .once: true
        case .literal: false
        }
      }
    }

    /// A value of its own for each row: an array.
    public static func each(_ name: String, _ type: String) -> Column { Column(name: name, type: type, kind: .each) }
    /// An array, or one value where all rows have the same: a parameter made of `alike:` rows.
    public static func alike(_ name: String, _ type: String) -> Column { Column(name: name, type: type, kind: .alike) }
    /// One value for all rows.
    public static func once(_ name: String, _ type: String) -> Column { Column(name: name, type: type, kind: .once) }
    /// A literal of SQL, without a parameter.
    public static func literal(_ name: String, _ sql: String) -> Column {
      Column(name: name, type: "", kind: .literal(sql))
    }
  }

  private let name: String
  private let table: String
  private let columns: [Column]
  /// Of the columns that have a parameter, in their order.
  private let kinds: [Column.Kind]
  /// By the set of columns in which rows differ. Made when they are first needed: few of them ever are.
  private let statements: Mutex<[Statement?]>

  /// - Parameters:
  ///   - name: Of the statement for rows that agree in all columns that are `alike`. The others' end in the numbers of
  ///     the parameters in which rows differ (`ledger_insert_3_6`): a server knows 63 bytes of a statement's name.
  ///   - table: Where to.
  ///   - columns: In the order of the parameters; the first one must be of `each`, and at most 8 may be `alike`.
  public init(_ name: String, into table: String, _ columns: [Column]) {
    precondition(columns.first?.kind == .each, "\(name): the first column says how many rows there are")
    let kinds = columns.map(\.kind).filter(\.hasParameter)
    let alike = kinds.count { (kind: Column.Kind) in kind == .alike }
    precondition(alike <= 8, "\(name) would be too many statements")
    (self.name, self.table, self.columns, self.kinds) = (name, table, columns, kinds)
    statements = Mutex([Statement?](repeating: nil, count: 1 << alike))
  }

  /// The statement for these parameters, of which those of columns that are `alike` may be arrays or not.
  public func statement(for parameters: [Parameter]) -> Statement {
    precondition(parameters.count == kinds.count, "\(name) has \(kinds.count) parameters")
    var differing = 0
    var bit = 1
    for index in kinds.indices {
      let isArray = TypeID.isArray(parameters[index].type)
      if kinds[index] == .alike {
        if isArray { differing |= bit }
        bit <<= 1
      } else {
        precondition(isArray == (kinds[index] == .each), "parameter \(index + 1) of \(name) is not as declared")
      }
    }
    return statements.withLock { statements in
      if let known = statements[differing] { return known }
      let new = make(differing: differing)
      statements[differing] = new
      return new
    }
  }

  /// - Parameter differing: A bit for each column that is `alike`, the first one's the lowest.
  private func make(differing: Int) -> Statement {
    var ending = ""
    var parameters = 0
    var bit = 1
    var values: [String] = []
    for column in columns {
      switch column.kind {
      case .literal(let sql): values.append(sql)
      case .each, .alike, .once:
        parameters += 1
        var isArray = column.kind == .each
        if column.kind == .alike {
          isArray = differing & bit != 0
          bit <<= 1
          if isArray { ending += "_\(parameters)" }
        }
        values.append(isArray ? "unnest($\(parameters)::\(column.type)[])" : "$\(parameters)::\(column.type)")
      }
    }
    return Statement(
      name: name + ending,
      sql: """
        insert into \(table) (\(columns.map(\.name).joined(separator: ", ")))
        select \(values.joined(separator: ", "))
        """)
  }
}
