import Foundation
import PipelineKit
import TestServers
import Testing

@testable import Stock
@testable import tallyman

@Suite("The diagrams")
struct DiagramTests {
  private let file = Program.repository.appending(path: "topology/DIAGRAMS.md")

  /// What stands between the marks of a diagram. With `UPDATE_SNAPSHOTS=1` it is written anew.
  private func isCurrent(_ subject: DiagramCommand.Subject, _ diagram: String) throws -> Bool {
    let (begin, end) = ("<!-- \(subject): generated, do not edit -->\n", "<!-- end of \(subject) -->")
    let text = try String(contentsOf: file, encoding: .utf8)
    let start = try #require(text.range(of: begin)).upperBound
    let stop = try #require(text[start...].range(of: end)).lowerBound
    let block = "```mermaid\n\(diagram)\n```\n"
    if ProcessInfo.processInfo.environment["UPDATE_SNAPSHOTS"] == "1" {
      try text.replacingCharacters(in: start..<stop, with: block).write(to: file, atomically: true, encoding: .utf8)
      return true
    }
    return text[start..<stop] == block
  }

  @Test("the page shows what the code does")
  func page() async throws {
    for subject in DiagramCommand.Subject.allCases {
      guard let cycle = subject.lifeCycle else { continue }
      #expect(try isCurrent(subject, Mermaid.text(cycle)), "\(subject): run the tests with UPDATE_SNAPSHOTS=1")
    }
    try await withHouse { house in
      let desk = try await house.desk(user: "tallyman_operator")
      let schema = try await desk.with { try SchemaDiagram($0) }
      #expect(schema.tables.count > 20 && schema.tables.allSatisfy { !$0.columns.isEmpty })
      #expect(schema.relations.contains { $0.one == "orders" && $0.many == "order_lines" })
      #expect(schema.relations.contains { $0.one == "order_lines" && $0.many == "reservation_rows" })
      #expect(try isCurrent(.schema, Mermaid.text(schema)), "schema: run the tests with UPDATE_SNAPSHOTS=1")
    }
  }

  @Test("the command prints them")
  func command() async throws {
    let run = try await Program.run("diagram", "shipment")
    #expect(run.code == 0)
    #expect(run.output == Mermaid.text(LifeCycle.shipment) + "\n")
    #expect(try await Program.run("diagram", "weather").code == 2)
    try await withHouse { house in
      let url = try PostgresServer.shared().conninfo(database: house.name, user: "tallyman_operator")
      let schema = try await Program.run(["diagram", "schema"], environment: ["TALLYMAN_DATABASE_URL": url])
      #expect(schema.code == 0 && schema.output.hasPrefix("erDiagram\n"))
    }
  }
}
