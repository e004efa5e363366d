import Contracts
import PipelineKit
import Postgres
import Testing

@testable import Messaging

@Suite("What a sweeper has said lately")
struct SweepMemoryTests {
  @Test("the same is said again later and later, what is found anew at once, and what is gone is forgotten")
  func repeats() {
    let memory = SweepMemory()
    let start = ContinuousClock.now
    func due(_ found: [String], _ seconds: Int) -> [Bool] {
      let plan = memory.plan(found, at: start + .seconds(seconds))
      memory.keep(plan)
      return plan.areDue
    }
    #expect(due(["a", "b"], 0) == [true, true])
    #expect(due(["a", "b", "c"], 29) == [false, false, true])
    #expect(due(["a", "b", "c"], 30) == [true, true, false])
    #expect(due(["b"], 60) == [false], "a minute after the second time")
    #expect(due(["a", "b"], 90) == [true, true], "one was not found meanwhile")
    var said = 0
    for second in stride(from: 95, through: 3600, by: 5) where due(["b"], second) == [true] { said += 1 }
    #expect((5...9).contains(said), "\(said) times in an hour: at most every ten minutes in the end")
  }

  @Test("what could not be committed was not said: the next sweep says it")
  func notSaid() async throws {
    try await withStock { house, _, _ in
      let desk = try await house.desk()
      nonisolated(unsafe) let memory = SweepMemory()  // used on the desk's lane only
      let sweep: @Sendable (Connection) throws -> Int = { database in
        try Sweep.lots.run(by: .inventory, remembering: memory, on: database) {
          [Sweep.Finding("A", .lotsDue(LotsDue(sku: SKU(trusted: "A"), lot: LotID(trusted: "x"))))]
        }
      }
      try await house.script("alter table outbox add constraint full_disk check (routing_key <> 'lots.due')")
      await #expect(throws: PostgresError.self) { try await desk.with(sweep) }
      try await house.script("alter table outbox drop constraint full_disk")
      _ = try await house.relay()
      #expect(try await desk.with(sweep) == 1)
      #expect(try await house.relay().map(\.routingKey) == ["lots.due"])
      #expect(try await desk.with(sweep) == 1)
      #expect(try await house.relay().isEmpty, "it was said a moment ago")
    }
  }
}
