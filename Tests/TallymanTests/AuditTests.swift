import Contracts
import Lanes
import PipelineKit
import Postgres
import TestServers
import Testing

@testable import Audit

@Suite("The audit")
struct AuditTests {
  @Test("finds nothing in a world that the workers made, and checks something for every invariant")
  func clean() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let report = try await house.desk(user: "tallyman_operator").with { try Auditor($0).audit() }
      #expect(report.violated.map { "\($0.invariant.name): \($0.rows)" } == [])
      #expect(report.warnings.map { "\($0.invariant.name): \($0.rows)" } == [])
      #expect(report.findings.filter { $0.checked == 0 }.map(\.invariant.name) == [])
      #expect(report.findings.map(\.invariant) == Invariant.all)
    }
  }

  @Test("what comes back as its lots, or waits in quality control because nobody knows them, is booked as it should be")
  func returnedLots() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([
        .product("A"), .location("W1"), .lot("r-1", "A", "W1", "L", 4), .lot("r-2", "A", "W1", "M", 6),
      ])
      try await allocation.take([
        .order("o-1", [("A", 6)]), .shipment("s-1", "o-1", [(1, "W1", 6)]), .order("o-2", [("A", 4)]),
        .shipment("s-2", "o-2", [(1, "W1", 4)]), .status("s-2", .failed),
      ])
      let taken = try await allocation.take([
        .comeBack("ret-1", order: "o-1", [(1, "W1", 3, .stock)]), .comeBack("ret-2", [("A", "W1", 1, .scrap)]),
      ])
      #expect(taken.outcomes == [.applied, .applied])
      let report = try await house.desk(user: "tallyman_operator").with { try Auditor($0).audit() }
      #expect(report.violated.map { "\($0.invariant.name): \($0.rows)" } == [])
      #expect(report.findings.first { $0.invariant.name == "goods_came_back" }?.checked ?? 0 > 2)
    }
  }

  @Test("what a count takes of a hold, and what comes into quality control after it, is booked as it should be")
  func countedHolds() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([.product("A"), .location("W1"), .receipt("r-1", "A", "W1", 10)])
      try await allocation.take([.order("o-1", [("A", 2)]), .shipment("s-1", "o-1", [(1, "W1", 2)])])
      try await inventory.take([
        .hold("h-1", 8, "A", "W1"), .count("c-1", "A", "W1", 3), .count("c-2", "A", "W1", 0, at: .now + .seconds(1)),
      ])
      try await allocation.take(.status("s-1", .failed))
      let taken = try await inventory.take([.hold("h-2", 1, "A", "W1"), .release("rel-1", of: nil, 2, "A", "W1")])
      #expect(taken.outcomes == [.retried, .applied])
      let report = try await house.desk(user: "tallyman_operator").with { try Auditor($0).audit() }
      #expect(report.violated.map { "\($0.invariant.name): \($0.rows)" } == [])
      #expect(report.findings.first { $0.invariant.name == "hold_released" }?.checked == 1)
    }
  }

  @Test("reports each broken invariant, and no other")
  func breaks() async throws {
    #expect(Set(Breakage.all.flatMap(\.invariants)) == Set(Invariant.all.map(\.name)), "each is broken once")
    try await withHouse { house in
      try await World.build(in: house)
      let desk = try await house.desk()
      for breakage in Breakage.all {
        let report = try await desk.with { connection in
          try connection.begin()
          defer { try? connection.rollback() }
          // Triggers and CHECKs would refuse most of this; the audit must not rely on them.
          try connection.script("set local session_replication_role = replica")
          try connection.script(breakage.sql)
          return try Auditor(connection).examine()
        }
        let found = report.findings.filter { !$0.holds }
        #expect(Set(found.map(\.invariant.name)) == Set(breakage.invariants), "after: \(breakage.sql)")
        #expect(found.allSatisfy { !$0.rows.isEmpty && $0.violations <= $0.checked })
        #expect(report.violated.isEmpty == (breakage.invariants == ["outbox_age"]))
      }
    }
  }

  @Test("shows the first ten offending rows and counts all")
  func manyRows() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let report = try await house.desk().with { connection in
        try connection.begin()
        defer { try? connection.rollback() }
        try connection.script(
          """
          insert into order_lines (order_id, line_no, sku, ordered, reserved, backordered, shipped, cancelled)
          select 'ghost-' || lpad(n::text, 2, '0'), 1, 'A', 1, 0, 0, 0, 1 from generate_series(1, 37) as n
          """)
        return try Auditor(connection, invariants: Invariant.all.filter { $0.name == "line_has_order" }).examine()
      }
      let finding = try #require(report.findings.first)
      #expect(finding.violations == 37)
      #expect(finding.rows.count == 10)
      #expect(finding.rows.first == "ghost-01 line 1 has no order")
    }
  }

  @Test("each invariant sees a snapshot of its own: none is held while the next is checked")
  func snapshots() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let name = house.name
      let desk = try await house.desk()
      let two = Invariant.all.filter { ["line_equation", "order_state"].contains($0.name) }
      #expect(two.map(\.name) == ["line_equation", "order_state"])
      let report = try await desk.with { connection in
        try Auditor(connection, invariants: two).audit { finding in
          guard finding.invariant.name == "line_equation" else { return }
          #expect(throws: Never.self) {
            try PostgresServer.shared().execute(
              "update tallyman.orders set state = 'backordered' where order_id = 'late'", database: name)
          }
        }
      }
      #expect(report.violated.map(\.invariant.name) == ["order_state"])
      try await house.script("update orders set state = 'partially_reserved' where order_id = 'late'")
    }
  }

  @Test("cannot write, whatever its role may")
  func readOnly() async throws {
    try await withHouse { house in
      try await house.script(
        """
        create function write() returns text language plpgsql as $$ begin create table x (); return null; end $$
        """)
      let writing = Invariant(
        name: "writing", text: "-- Nothing.\n-- counts: things\n-- severity: violation\nselect write() as violation")
      try await house.desk().with { connection in
        let error = #expect(throws: PostgresError.self) {
          try Auditor(connection, invariants: [writing]).audit()
        }
        #expect(error?.sqlState.code == "25006")
        #expect(!connection.isInTransaction)
      }
    }
  }
}
