import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Transfers told to several workers at once")
struct TransferRaceTests {
  /// Two workers take their messages one by one, at the same time.
  private func race(_ one: Worker, _ two: Worker, _ first: [Letter], _ second: [Letter]) async throws -> [Outcome?] {
    func all(_ worker: Worker, _ letters: [Letter]) async throws -> [Outcome?] {
      var outcomes: [Outcome?] = []
      for letter in letters { outcomes.append(try await worker.take(letter).outcome) }
      return outcomes
    }
    async let left = all(one, first)
    async let right = all(two, second)
    return try await left + right
  }

  @Test("each document is booked once, whoever is first")
  func documents() async throws {
    try await withWarehouse(100) { place in
      let other = try await place.house.inventoryWorker()
      func transfers() -> [Letter] { (1...10).map { .transfer("t-\($0)", "WH-1", "WH-2", [("A", 4)]) } }
      let sent = try await race(place.inventory, other, transfers(), transfers())
      #expect(sent.filter { $0 == .applied }.count == 10 && sent.filter { $0 == .unchanged }.count == 10)
      func arrivals() -> [Letter] { (1...10).map { .arrival("a-\($0)", of: "t-\($0)", [(1, 3, 1)]) } }
      let arrived = try await race(place.inventory, other, arrivals(), arrivals())
      #expect(arrived.filter { $0 == .applied }.count == 10 && arrived.filter { $0 == .unchanged }.count == 10)
      #expect(try await place.balances() == ["WH-1|60|0|0|0", "WH-2|30|0|0|0", "in-transit|0|0|0|0"])
    }
  }

  @Test("arrivals of one transfer take no unit twice; one that races its dispatch is applied or tried again")
  func arrivals() async throws {
    try await withWarehouse(100) { place in
      let other = try await place.house.inventoryWorker()
      let early = Letter.arrival("a-0", of: "t-1", [(1, 1, 0)])
      let first = try await race(
        place.inventory, other, [.transfer("t-1", "WH-1", "WH-2", [("A", 50)])], [early])
      #expect(first[0] == .applied && (first[1] == .applied || first[1] == .retried))
      if first[1] == .retried { try await other.take(early.attempt(1)) }
      // 49 units are left for 60.
      func some(_ name: String) -> [Letter] { (1...15).map { .arrival("\(name)-\($0)", of: "t-1", [(1, 2, 0)]) } }
      let outcomes = try await race(place.inventory, other, some("x"), some("y"))
      #expect(outcomes.filter { $0 == .applied }.count == 24 && outcomes.filter { $0 == .deadLettered }.count == 6)
      #expect(try await place.balances() == ["WH-1|50|0|0|0", "WH-2|49|0|0|0", "in-transit|1|0|0|0"])
    }
  }
}
