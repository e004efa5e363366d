import Contracts
import Foundation
import Messaging
import PipelineKit
import TestServers
import Testing

@testable import tallyman

@Suite("Replaying many dead letters")
struct ReplayCommandTests {
  private func run(
    _ house: House, as role: String = "tallyman_operator", _ arguments: String...
  ) async throws -> Program.Run {
    try await Program.run(["dead-letters"] + arguments, on: house, as: role)
  }

  /// Dead letters of an unknown SKU, each after its last attempt.
  private func letters(_ house: House, _ count: Int) async throws {
    let inventory = try await house.inventoryWorker()
    try await inventory.take(.location("W1"))
    try await inventory.take((1...count).map { Letter.receipt("late-\($0)", "unknown", "W1", 1).attempt(3) })
    _ = try await house.relay()
  }

  @Test("a connection that ends midway leaves no doubt about what was committed")
  func interrupted() async throws {
    try await withHouse { house in
      try await letters(house, 120)
      // Somebody holds a record of the second page.
      let desk = try await house.desk()
      try await desk.script("begin")
      try await desk.script(
        """
        select from dead_letters
        where dead_letter_id = (select dead_letter_id from dead_letters order by 1 offset 70 limit 1) for update
        """)
      async let interrupted = run(house, "replay", "--all", "--why", "after the import")
      try await eventually("the second page waits, and its session is ended") {
        try await house.value(
          """
          select count(pg_terminate_backend(pid)) from pg_stat_activity
          where datname = current_database() and application_name = 'tallyman/dead-letters'
            and wait_event_type = 'Lock'
          """) == "1"
      }
      let first = try await interrupted
      try await desk.script("rollback")
      #expect(first.code == 69, "\(first)")
      #expect(first.output.hasSuffix("\n50 of 50\n"))
      #expect(first.output.split(separator: "\n").count { $0.hasSuffix("  replayed: as attempt 4") } == 50)
      #expect(first.errors.hasPrefix("tallyman: ended after 50 of them; the same command goes on with the rest"))
      let second = try await run(house, "replay", "--all", "--why", "after the import")
      #expect(second.code == 0 && second.output.hasSuffix("\n70 of 70\n"), "\(second)")
      #expect(try await house.relay().count == 120)
    }
  }

  @Test("a number that is given twice counts once")
  func repetition() async throws {
    try await withHouse { house in
      try await letters(house, 2)
      let ids = try await house.rows("select dead_letter_id from dead_letters order by 1")
      let replayed = try await run(house, "replay", ids[0], ids[0], "--why", "x")
      #expect(replayed.output.hasSuffix("\n1 of 1\n"), "\(replayed)")
      let tried = try await run(house, as: "tallyman_inventory", "replay", ids[1], ids[1], "--dry-run", "--json")
      #expect(try JSONDecoder().decode([RehearsalDocument].self, from: Data(tried.output.utf8)).count == 1)
      let discarded = try await run(house, "discard", ids[1], ids[0], ids[1], "--why", "x", "--json")
      #expect(try JSONDecoder().decode([Outcome].self, from: Data(discarded.output.utf8)).count == 2, "\(discarded)")
    }
  }

  private struct Outcome: Decodable { let result: String }

  @Test("a dry run over the queues of two workers shows what this role can try, and says what the rest needs")
  func twoQueues() async throws {
    try await withHouse { house in
      try await letters(house, 1)
      let allocation = try await house.allocationWorker()
      try await allocation.take(Letter.order("o-dry", [("LATER", 2)]).attempt(3))
      // Tried again, the order would write what the other worker may not.
      try await house.inventoryWorker().take([.product("LATER"), .receipt("rcv-later", "LATER", "W1", 5)])
      _ = try await house.relay()
      for (role, other) in [("inventory", "allocation"), ("allocation", "inventory")] {
        let run = try await run(house, as: "tallyman_\(role)", "replay", "--all", "--dry-run")
        #expect(run.code == 69, "\(run)")
        #expect(run.output.contains(": \(role), "), "\(run)")
        #expect(run.output.contains("\n  outcome "), "\(run)")
        #expect(run.output.contains("cannot be tried: it needs the role tallyman_\(other) "), "\(run)")
        #expect(run.errors.contains("run it again with tallyman_\(other) in TALLYMAN_DATABASE_URL"), "\(run)")
        let narrow = try await self.run(
          house, as: "tallyman_\(role)", "replay", "--all", "--dry-run", "--queue", role)
        #expect(narrow.code == 0 && !narrow.output.contains("cannot"), "\(narrow)")
      }
    }
  }
}
