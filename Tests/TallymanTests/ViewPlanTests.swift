import Contracts
import Foundation
import PipelineKit
import Postgres
import Testing

@testable import Views

@Suite("What views read")
struct ViewPlanTests {
  @Test("reservations reads what is promised, and not all that ever was")
  func reservations() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([
        .product("A"), .product("B"), .location("W1"), .receipt("r-1", "A", "W1", 900), .receipt("r-2", "B", "W1", 9),
      ])
      for batch in 0..<4 {
        let names = (0..<50).map { "gone-\(batch)-\($0)" }
        try await allocation.take(names.map { .order($0, [("A", 2)]) })
        try await allocation.take(names.map { .shipment("s-\($0)", $0, [(1, "W1", 1)]) })
        try await allocation.take(names.map { .cancel($0, [(1, 1)], as: "c") })
      }
      try await allocation.take([
        .order("one", [("A", 3)]), .order("two", [("A", 4), ("B", 2)]), .shipment("s-two", "two", [(1, "W1", 1)]),
      ])
      let open = try await house.json("reservations")
      #expect(open.int("total") == 3 && open.int("open_quantity") == 8)
      #expect(try await house.json("reservations", "B").int("open_quantity") == 2)
      #expect(try await house.json("reservations", "--order", "gone-0-1").int("total") == 1)

      let plan = try await house.plan(ViewStatements.openReservations, [.text(nil), .int(50)])
      let rows = plan.rows(of: ["order_lines", "reservation_rows"])
      #expect(rows > 0 && rows < 20, "\(plan.text)")
    }
  }

  @Test("messages of some moments are found by their time, before a body is read")
  func messages() async throws {
    try await withHouse { house in
      let allocation = try await house.allocationWorker()
      try await house.inventoryWorker().take([.product("A"), .location("W1")])
      try await allocation.take((0..<50).map { .order("o-\($0)", [("A", 1)]) })
      let now = Timestamp.now
      let plan = try await house.plan(
        ViewStatements.messagesAt,
        [.timestamps([now.microseconds]), .dates([now.day - 1, now.day, now.day + 1]), .bytea(Array("\"o-7\"".utf8))])
      let filter = try #require(plan.lines.firstIndex { $0.lowercased().contains("position") }, "\(plan.text)")
      let scan = try #require(plan.lines[..<filter].last { $0.contains("Scan") }, "\(plan.text)")
      #expect(scan.contains("CTE Scan on claimed") && scan.contains("rows=1"), "\(plan.text)")
    }
  }
}

/// What PostgreSQL did for a statement.
private struct Plan: Sendable {
  let lines: [String]
  var text: String { lines.joined(separator: "\n") }

  /// How many rows of these tables were read, those that a condition refused among them.
  func rows(of tables: [String]) -> Double {
    var sum = 0.0
    var loops = 0.0
    for line in lines {
      if line.contains("(actual ") {
        loops = tables.contains { line.contains(" on \($0) ") } ? Plan.number(after: "loops=", in: line) : 0
        sum += Plan.number(after: "rows=", in: line) * loops
      } else if line.contains("Rows Removed by") {
        sum += Plan.number(after: ": ", in: line) * loops
      }
    }
    return sum
  }

  private static func number(after name: String, in line: String) -> Double {
    guard let start = line.range(of: name)?.upperBound else { return 0 }
    return Double(line[start...].prefix { $0.isNumber || $0 == "." }) ?? 0
  }
}

extension House {
  fileprivate func plan(_ sql: String, _ parameters: [Parameter]) async throws -> Plan {
    try await desk().with { connection in
      let rows = try connection.query(.once("explain (analyze, costs off, timing off) \(sql)"), parameters)
      return Plan(lines: (0..<rows.count).map { rows.text($0, 0) })
    }
  }

  fileprivate func json(_ arguments: String...) async throws -> [String: Any] {
    let run = try await Looker(house: self).run(arguments + ["--json"])
    return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
  }
}
