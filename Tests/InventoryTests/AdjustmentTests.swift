import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Adjustments and quality control")
struct AdjustmentTests {
  @Test("each kind does to the quantities what it says, with its person and code behind the ledger")
  func kinds() async throws {
    try await withWarehouse(20) { place in
      try await place.inventory.take([
        .adjustment("adj-1", .damage, 5, "A", "WH-1", code: "BROKEN", person: "ann"),
        .adjustment("adj-2", .repair, 1, "A", "WH-1", code: "FIXED", person: "bob"),
        .adjustment("adj-3", .scrap, 2, "A", "WH-1", code: "BIN", person: "cem"),
        .adjustment("adj-4", .writeOff, 3, "A", "WH-1", code: "THEFT", person: "dan"),
        .adjustment("adj-5", .found, 4, "A", "WH-1", code: "FOUND", person: "eve"),
      ])
      #expect(try await place.balances() == ["WH-1|19|0|2|0"])
      #expect(
        try await place.house.rows(
          """
          select l.reference, l.bucket, l.delta, l.reason, p.person, p.reason_code
          from stock_ledger l join ledger_papers p using (source, message_id) order by l.seq
          """) == [
            "adj-1|damaged|5|DAMAGE|ann|BROKEN", "adj-2|damaged|-1|DAMAGE|bob|FIXED",
            "adj-3|damaged|-2|DAMAGE|cem|BIN", "adj-3|on_hand|-2|DAMAGE|cem|BIN",
            "adj-4|on_hand|-3|COUNT|dan|THEFT", "adj-5|on_hand|4|COUNT|eve|FOUND",
          ])
    }
  }

  @Test("damage of promised units bumps; what is not there cannot be damaged, repaired or thrown away")
  func limits() async throws {
    try await withWarehouse(5) { place in
      try await place.allocation.take(.order("o-1", [("A", 5)]))
      #expect(try await place.inventory.take(.adjustment("adj-1", .damage, 2, "A", "WH-1")).outcome == .applied)
      #expect(try await place.balances() == ["WH-1|5|3|2|0"])
      #expect(try await place.states() == ["o-1|partially_reserved"])
      let taken = try await place.inventory.take([
        .adjustment("adj-2", .damage, 4, "A", "WH-1"), .adjustment("adj-3", .writeOff, 4, "A", "WH-1"),
        .adjustment("adj-4", .repair, 3, "A", "WH-1"), .adjustment("adj-5", .scrap, 3, "A", "WH-1"),
      ])
      #expect(taken.outcomes == [.retried, .retried, .retried, .retried])
      #expect(taken.entries.allSatisfy { $0.why?.hasPrefix("data.quantity") == true })
    }
  }

  @Test("repaired units go to those who wait")
  func repaired() async throws {
    try await withWarehouse(5) { place in
      try await place.inventory.take(.adjustment("adj-1", .damage, 5, "A", "WH-1"))
      try await place.allocation.take(.order("o-1", [("A", 2)]))
      try await place.settle()
      #expect(try await place.states() == ["o-1|backordered"])
      try await place.inventory.take(.adjustment("adj-2", .repair, 2, "A", "WH-1"))
      try await place.settle()
      #expect(try await place.states() == ["o-1|reserved"])
    }
  }

  @Test("an adjustment again changes nothing; with other content it is a dead letter")
  func repeated() async throws {
    try await withWarehouse(5) { place in
      try await place.inventory.take(.adjustment("adj-1", .writeOff, 5, "A", "WH-1"))
      #expect(try await place.inventory.take(.adjustment("adj-1", .writeOff, 5, "A", "WH-1")).outcome == .unchanged)
      let other = Letter.adjustment("adj-1", .writeOff, 4, "A", "WH-1")
      #expect(try await place.inventory.take(other).outcome == .deadLettered)
      #expect(try await place.house.deadLetter(of: other.id).field == "data.quantity")
      #expect(try await place.balances() == ["WH-1|0|0|0|0"])
    }
  }

  @Test("what is told after a document is how the location stands, over all of its lots")
  func levels() async throws {
    try await withWarehouse(5) { place in
      try await place.inventory.take([
        .lot("r-1", "A", "WH-1", "L", 30), .lot("r-2", "A", "WH-1", "M", 20),
        .hold("hld-0", 2, "A", "WH-1", lot: "M"), .adjustment("adj-1", .damage, 1, "A", "WH-1"),
      ])
      _ = try await place.house.relay()
      try await place.inventory.take(.hold("hld-1", 4, "A", "WH-1", lot: "L"))
      try await place.allocation.take(.comeBack("ret-1", [("A", "WH-1", 3, .qualityControl)]))
      let events = try await place.house.events()
      #expect(events.map(\.envelope.type) == [.stockAdjusted, .stockReturned])
      for message in events {
        switch message.event {
        case .stockAdjusted(let told):
          #expect((told.onHand, told.damaged, told.qualityControl, told.available) == (55, 1, 6, 48))
          #expect((told.lot?.value, told.difference) == ("L", 0))
        case .stockReturned(let told): #expect((told.onHand, told.available) == (58, 48))
        default: Issue.record("\(message.event.type)")
        }
      }
    }
  }

  @Test("what is not there is said to be of which lot, where there are lots")
  func whichLot() async throws {
    try await withWarehouse(0) { place in
      try await place.inventory.take(.lot("r-1", "A", "WH-1", "L", 5))
      let taken = try await place.inventory.take([
        .adjustment("adj-1", .damage, 2, "A", "WH-1"), .adjustment("adj-2", .writeOff, 6, "A", "WH-1", lot: "L"),
        .hold("hld-1", 1, "A", "WH-1"), .release("rel-1", of: nil, 1, "A", "WH-1"),
        .difference("cnt-1", "A", "WH-1", -1), .transfer("t-1", "WH-1", "WH-2", [("A", 1)]),
      ])
      #expect(taken.outcomes == Array(repeating: .retried, count: 6))
      #expect(
        taken.entries.map { String(($0.why ?? "").split(separator: "must not ").last ?? "") } == [
          "exceed the 0 usable units at WH-1 without a lot", "exceed the 5 usable units at WH-1 of lot L",
          "exceed the 0 usable units at WH-1 without a lot",
          "exceed the 0 held (without a hold's name) units at WH-1 without a lot",
          "take more than the 0 units on hand at WH-1 without a lot",
          "exceed, with the lines before it, the 0 usable units at WH-1 without a lot",
        ])
    }
  }

  @Test("held units are not sold; released ones go to those who wait, scrapped ones are gone")
  func hold() async throws {
    try await withWarehouse(10) { place in
      try await place.inventory.take(.hold("hld-1", 10, "A", "WH-1"))
      try await place.allocation.take(.order("o-1", [("A", 4)]))
      try await place.settle()
      #expect(try await place.states() == ["o-1|backordered"])
      try await place.inventory.take(.release("rel-1", of: "hld-1", 3, "A", "WH-1", to: .scrap))
      #expect(try await place.balances() == ["WH-1|7|0|0|7"])
      try await place.inventory.take(.release("rel-2", of: "hld-1", 5, "A", "WH-1"))
      try await place.settle()
      #expect(try await place.balances() == ["WH-1|7|4|0|2"])
      #expect(try await place.states() == ["o-1|reserved"])
      #expect(try await place.house.rows("select quantity, released from quality_holds") == ["10|8"])
      #expect(
        try await place.house.rows(
          "select bucket, delta, reason from stock_ledger where reason like 'QC%' order by seq") == [
            "quality_control|10|QC_HOLD", "quality_control|-3|QC_RELEASE", "on_hand|-3|QC_RELEASE",
            "quality_control|-5|QC_RELEASE",
          ])
    }
  }

  @Test("a hold of promised units bumps them")
  func holdBumps() async throws {
    try await withWarehouse(4) { place in
      try await place.allocation.take(.order("o-1", [("A", 4)]))
      try await place.inventory.take(.hold("hld-1", 4, "A", "WH-1"))
      #expect(try await place.balances() == ["WH-1|4|0|0|4"])
      #expect(try await place.states() == ["o-1|backordered"])
      #expect(try await place.house.rows("select reason, reference from bumps") == ["held|hld-1"])
    }
  }

  @Test("a release waits for its hold, takes no more than it holds, and names its place")
  func releases() async throws {
    try await withWarehouse(10) { place in
      #expect(try await place.inventory.take(.release("rel-1", of: "hld-1", 2, "A", "WH-1")).outcome == .retried)
      let batch = try await place.inventory.take([
        .hold("hld-1", 5, "A", "WH-1"), .release("rel-1", of: "hld-1", 2, "A", "WH-1"),
        .release("rel-2", of: "hld-1", 4, "A", "WH-1"), .release("rel-3", of: "hld-1", 1, "A", "WH-2"),
        .release("rel-4", of: nil, 1, "A", "WH-1"), .release("rel-1", of: "hld-1", 2, "A", "WH-1"),
      ])
      #expect(batch.outcomes == [.applied, .applied, .deadLettered, .deadLettered, .retried, .unchanged])
      // Written by their messages' ids, whatever the order in the batch.
      #expect(try await place.house.deadLetters().map(\.field).sorted() == ["data.location_id", "data.quantity"])
      #expect(try await place.house.rows("select quantity, released from quality_holds") == ["5|2"])
      #expect(try await place.balances().first == "WH-1|10|0|0|3")
    }
  }
}
