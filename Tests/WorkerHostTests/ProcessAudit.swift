import Audit
import Postgres

extension ProcessSite {
  /// What `tallyman audit` would complain about.
  func violations() async throws -> [String] {
    try await withDesk { connection in
      try Auditor(connection).audit().violated.flatMap { finding in
        finding.rows.map { "\(finding.invariant.name): \($0)" }
      }
    }
  }
}
