import Foundation
import Messaging
import Observability
import Testing
import WorkerHost

@Suite("The operations' documentation")
struct OperationsTests {
  private let file = Program.repository.appending(path: "topology/OPERATIONS.md")

  /// What stands between a begin and an end mark. With `UPDATE_SNAPSHOTS=1` it is written anew.
  private func block(_ name: String, is current: String) throws -> Bool {
    let (begin, end) = ("<!-- \(name): generated, do not edit -->\n", "<!-- end of \(name) -->")
    let text = try String(contentsOf: file, encoding: .utf8)
    let start = try #require(text.range(of: begin)).upperBound
    let stop = try #require(text[start...].range(of: end)).lowerBound
    if ProcessInfo.processInfo.environment["UPDATE_SNAPSHOTS"] == "1" {
      try text.replacingCharacters(in: start..<stop, with: current + "\n").write(
        to: file, atomically: true, encoding: .utf8)
      return true
    }
    return text[start..<stop] == current + "\n"
  }

  @Test("its tables are those of this build")
  func tables() throws {
    #expect(try block("reasons", is: FailureTable.reasons), "run the tests with UPDATE_SNAPSHOTS=1")
    #expect(try block("failures", is: FailureTable.failures), "run the tests with UPDATE_SNAPSHOTS=1")
    #expect(try block("metrics", is: OperationsTests.metrics), "run the tests with UPDATE_SNAPSHOTS=1")
  }

  private static var metrics: String {
    let rows = MetricName.allCases.map(\.definition).map { metric in
      let labels = metric.labels.map { "`\($0)`" }.joined(separator: " ")
      return "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) |"
    }
    return (["| Metric | Kind | Labels | Meaning |", "|---|---|---|---|"] + rows).joined(separator: "\n")
  }

  @Test("every metric that it names exists")
  func metricNames() throws {
    let text = try String(contentsOf: file, encoding: .utf8)
    let known = Set(MetricName.allCases.map(\.definition.name))
    let pattern = /tallyman_[a-z_]+_(total|seconds|rows|waiting|paused|shards)\b/
    let named = Set(text.matches(of: pattern).map { String($0.0) })
    #expect(named.count > 10 && named.isSubset(of: known), "\(named.subtracting(known))")
  }

  @Test("tallyman reasons prints the same tables")
  func command() async throws {
    let run = try await Program.run("reasons")
    #expect(run.code == 0)
    #expect(run.output == FailureTable.reasons + "\n\n" + FailureTable.failures + "\n")
  }

  @Test("every condition of readiness has a section of its own")
  func readiness() throws {
    let sources = Program.repository.appending(path: "Sources/Observability/Readiness.swift")
    let declared = try String(contentsOf: sources, encoding: .utf8).matches(of: /Condition\("([a-z_-]+)"/).map {
      String($0.1)
    }
    #expect(Set(declared).count >= 6)
    let text = try String(contentsOf: file, encoding: .utf8)
    for name in Set(declared) { #expect(text.contains("\n### `\(name)"), "\(name)") }
  }

  @Test("every setting and every subcommand that it names exists")
  func names() async throws {
    let text = try String(contentsOf: file, encoding: .utf8)
    let settings = Set(text.matches(of: /TALLYMAN_[A-Z_]+[A-Z]/).map { String($0.0) })
    let known = Set(SettingsTable.all.flatMap { [$0.name, $0.fileVariable].compactMap(\.self) })
    #expect(!settings.isEmpty && settings.isSubset(of: known), "\(settings.subtracting(known))")
    let commands = Set(text.matches(of: /tallyman (dead-letters [a-z]+|[a-z]+) --/).map { String($0.1) })
    #expect(commands.count > 3)
    for command in commands {
      let run = try await Program.run(command.split(separator: " ").map(String.init) + ["--help"])
      #expect(run.code == 0, "\(command)")
    }
  }

  @Test("the pages link to it")
  func links() throws {
    for page in ["README.md", "topology/README.md"] {
      let text = try String(contentsOf: Program.repository.appending(path: page), encoding: .utf8)
      #expect(text.contains("OPERATIONS.md"), "\(page)")
    }
  }
}
