import Audit
import FoundationEssentials

/// An audit as JSON, for scripts.
struct AuditDocument: Codable, Equatable {
  /// One invariant.
  struct Entry: Codable, Equatable {
    let name: String
    let promise: String
    let severity: Invariant.Severity
    let counted: String
    let checked: Int64
    let violations: Int64
    let rows: [String]
  }

  /// An invariant that nobody has checked yet.
  struct Promise: Codable, Equatable {
    let name: String
    let promise: String
    let severity: Invariant.Severity
    let counted: String

    init(_ invariant: Invariant) {
      name = invariant.name
      promise = invariant.promise
      severity = invariant.severity
      counted = invariant.counted
    }
  }

  /// Whether no invariant is violated; warnings do not count.
  let holds: Bool
  let invariants: [Entry]

  init(_ report: AuditReport) {
    holds = report.violated.isEmpty
    invariants = report.findings.map { finding in
      Entry(
        name: finding.invariant.name, promise: finding.invariant.promise, severity: finding.invariant.severity,
        counted: finding.invariant.counted, checked: finding.checked, violations: finding.violations,
        rows: finding.rows)
    }
  }

  func text() throws -> String { try PrettyJSON.text(self) }
}

/// JSON for people and for files under version control: indented, keys sorted.
enum PrettyJSON {
  /// - Parameter snakeCase: Whether names that are written `inThisWay` in Swift are to be written `in_this_way`.
  static func text(_ value: some Encodable, snakeCase: Bool = false) throws -> String {
    let encoder = JSONEncoder()
    if snakeCase { encoder.keyEncodingStrategy = .convertToSnakeCase }
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
