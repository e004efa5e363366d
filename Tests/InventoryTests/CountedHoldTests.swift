import Contracts
import PipelineKit
import Testing

@Suite("Holds of places that are counted")
struct CountedHoldTests {
  @Test("after a count took what a hold held, what comes into quality control later can be released without its name")
  func returned() async throws {
    try await withWarehouse(10) { place in
      try await place.inventory.take(.hold("hld-1", 10, "A", "WH-1"))
      try await place.inventory.take(.count("cnt-1", "A", "WH-1", 0))
      #expect(try await holds(place) == ["hld-1|10|0|10"])
      try await place.allocation.take(.comeBack("ret-1", [("A", "WH-1", 3, .qualityControl)]))
      #expect(try await place.balances().first == "WH-1|3|0|0|3")
      let release = try await place.inventory.take(.release("rel-1", of: nil, 3, "A", "WH-1"))
      #expect(release.outcome == .applied)
      #expect(try await place.balances().first == "WH-1|3|0|0|0")
      let late = Letter.release("rel-2", of: "hld-1", 1, "A", "WH-1")
      #expect(try await place.inventory.take(late).outcome == .deadLettered)
      #expect(try await place.house.deadLetter(of: late.id).rule.contains("0 units that hold hld-1 still holds"))
    }
  }

  @Test("what no hold has is missing first, then the oldest holds lose their units; in one batch as one by one")
  func oldestFirst() async throws {
    for together in [true, false] {
      try await withWarehouse(20) { place in
        try await place.inventory.take(.lot("r-2", "A", "WH-1", "L", 1))
        try await place.allocation.take(.comeBack("ret-1", [("A", "WH-1", 2, .qualityControl)]))
        let letters: [Letter] = [
          .hold("hld-2", 5, "A", "WH-1"), .hold("hld-1", 6, "A", "WH-1"), .hold("lot", 1, "A", "WH-1", lot: "L"),
          .release("rel-1", of: "hld-2", 1, "A", "WH-1"), .hold("hld-3", 3, "A", "WH-1"),
          .count("cnt-1", "A", "WH-1", 12), .count("cnt-2", "A", "WH-1", 8, at: .now + .seconds(1)),
        ]
        if together {
          #expect(try await place.inventory.take(letters).count(.applied) == letters.count)
        } else {
          for letter in letters { try await place.inventory.take(letter) }
        }
        #expect(try await place.balances().prefix(2) == ["WH-1|8|0|0|8", "WH-1/L|1|0|0|1"])
        #expect(
          try await holds(place) == ["hld-1|6|0|1", "hld-2|5|1|4", "hld-3|3|0|0", "lot|1|0|0"], "\(together)")
        let taken = try await place.inventory.take([
          .release("rel-2", of: nil, 1, "A", "WH-1"), .release("rel-3", of: "hld-1", 5, "A", "WH-1"),
          .release("rel-4", of: "hld-3", 3, "A", "WH-1", to: .scrap),
        ])
        #expect(taken.outcomes == [.retried, .applied, .applied])
        #expect(try await place.balances().first == "WH-1|5|0|0|0")
      }
    }
  }

  @Test("a release without a hold's name, in the batch of the count, takes what the count left to no hold")
  func sameBatch() async throws {
    try await withWarehouse(10) { place in
      try await place.inventory.take(.hold("hld-1", 4, "A", "WH-1"))
      try await place.allocation.take(.comeBack("ret-1", [("A", "WH-1", 3, .qualityControl)]))
      let taken = try await place.inventory.take([
        .count("cnt-1", "A", "WH-1", 5), .release("rel-1", of: nil, 2, "A", "WH-1"),
        .release("rel-2", of: nil, 1, "A", "WH-1"),
      ])
      #expect(taken.outcomes == [.applied, .retried, .applied])
      #expect(try await holds(place) == ["hld-1|4|0|0"])
    }
  }

  /// Holds: their units, of which were released, of which were given up.
  private func holds(_ place: Warehouse) async throws -> [String] {
    try await place.house.rows("select hold_id, quantity, released, given_up from quality_holds order by hold_id")
  }
}
