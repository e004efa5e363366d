import Audit

/// An audit in words.
enum AuditText {
  /// One invariant: its mark, name and promise, and what breaks it.
  static func lines(_ finding: Finding) -> String {
    let counted = "\(finding.checked) \(finding.invariant.counted)"
    guard !finding.holds else { return "ok    \(padded(finding.invariant.name)) \(counted)" }
    let mark = finding.invariant.severity == .warning ? "warn " : "FAIL "
    var lines = [
      "\(mark) \(padded(finding.invariant.name)) \(finding.violations) of \(counted)",
      "        \(finding.invariant.promise)",
    ]
    lines += finding.rows.map { "        - \($0)" }
    let more = finding.violations - Int64(finding.rows.count)
    if more > 0 { lines.append("        - and \(more) more") }
    return lines.joined(separator: "\n")
  }

  /// The last line.
  static func verdict(_ report: AuditReport) -> String {
    let warnings = report.warnings.isEmpty ? "" : "; \(plural(report.warnings.count, "warning"))"
    guard report.violated.isEmpty else {
      let names = report.violated.map(\.invariant.name).joined(separator: ", ")
      return "audit: \(report.violated.count) of \(report.findings.count) invariants are violated: \(names)\(warnings)"
    }
    return "audit: all \(report.findings.count) invariants hold\(warnings)"
  }

  private static func plural(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  private static func padded(_ name: String) -> String {
    name + String(repeating: " ", count: max(0, 24 - name.count))
  }
}
