import Foundation
import PipelineKit
import TestServers

@testable import tallyman

/// A run of `tallyman erase --json`, as values.
struct Erasure: Sendable {
  let run: Program.Run
  /// Rows changed or left, by their name.
  let rows: [String: Int64]
  /// The open dead letters that it discards.
  let open: [Int64]

  /// All rows that are left.
  var left: [String: Int64] { rows.filter { $0.key.hasPrefix("left") && $0.value > 0 } }
}

extension House {
  /// Runs `tallyman erase --json` as an operator.
  func erase(_ arguments: String...) async throws -> Erasure {
    let url = try PostgresServer.shared().conninfo(database: name, user: "tallyman_operator")
    let run = try await Program.run(["erase", "--json"] + arguments, environment: ["TALLYMAN_DATABASE_URL": url])
    let rows = (try? JSONDecoder().decode([EraseCommand.Row].self, from: Data(run.output.utf8))) ?? []
    return Erasure(
      run: run, rows: Dictionary(rows.map { ($0.what, $0.rows) }, uniquingKeysWith: +),
      open: rows.flatMap { $0.open ?? [] })
  }
}
