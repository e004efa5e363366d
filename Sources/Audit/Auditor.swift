import Postgres

/// Checks every ``Invariant`` against a live database.
///
/// Each sees one snapshot, so that work in progress is seen as a whole or not at all; none takes a lock that a worker
/// would wait for. Not all of them the same one: held for minutes, it would keep what workers replace meanwhile from
/// being removed, of busy stock hundreds of thousands of rows. Each query is set-based, and what leaves the database
/// are two numbers and a few rows, so that memory here does not grow with the data. The database sorts on disk what
/// does not fit its `work_mem`.
///
/// Like its connection, an auditor belongs to one lane.
public struct Auditor {
  /// How many offending rows are shown of each invariant.
  public static let shownRows = 10

  private let connection: Connection
  private let invariants: [Invariant]

  /// - Parameters:
  ///   - connection: Any role that may read everything: `tallyman_operator`. Without a statement time-out, and with the
  ///     schema `tallyman` on its search path.
  ///   - invariants: Which to check.
  public init(_ connection: Connection, invariants: [Invariant] = Invariant.all) {
    self.connection = connection
    self.invariants = invariants
  }

  /// Checks all, each in a read-only snapshot.
  ///
  /// - Parameter report: Is told about each as soon as it is checked.
  /// - Returns: One finding per invariant, in order.
  /// - Throws: ``PostgresError`` when the database cannot be asked.
  public func audit(report: (Finding) -> Void = { _ in }) throws -> AuditReport {
    var findings: [Finding] = []
    for invariant in invariants {
      let finding = try connection.snapshot { try check(invariant) }
      report(finding)
      findings.append(finding)
    }
    return AuditReport(findings: findings)
  }

  /// Checks all in the transaction at hand.
  func examine() throws(PostgresError) -> AuditReport {
    var findings: [Finding] = []
    for invariant in invariants { findings.append(try check(invariant)) }
    return AuditReport(findings: findings)
  }

  private func check(_ invariant: Invariant) throws(PostgresError) -> Finding {
    let counts = try connection.query(
      .once("select count(*)::int8, count(violation)::int8 from (\n\(invariant.sql)\n) as things"))
    let violations = counts.int(0, 1)
    var rows: [String] = []
    if violations > 0 {
      let shown = try connection.query(
        .once(
          """
          select violation from (\n\(invariant.sql)\n) as things
          where violation is not null order by violation collate "C" limit \(Auditor.shownRows)
          """))
      rows = (0..<shown.count).map { shown.text($0, 0) }
    }
    return Finding(invariant: invariant, checked: counts.int(0, 0), violations: violations, rows: rows)
  }
}
