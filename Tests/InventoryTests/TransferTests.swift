import Contracts
import Messaging
import PipelineKit
import TestServers
import Testing

@Suite("Transfers in two steps")
struct TransferTests {
  @Test("what has left is promised to nobody until it arrives; what arrives goes to those who wait")
  func way() async throws {
    try await withWarehouse(10) { place in
      try await place.allocation.take(.order("o-1", [("A", 4)]))
      #expect(try await place.inventory.take(.transfer("t-1", "WH-1", "WH-2", [("A", 6)])).outcome == .applied)
      #expect(try await place.balances() == ["WH-1|4|4|0|0", "WH-2|0|0|0|0", "in-transit|6|0|0|0"])
      #expect(try await place.house.value("select stock_free('A')") == "0")
      try await place.allocation.take(.order("o-2", [("A", 5)]))
      try await place.settle()
      #expect(try await place.states() == ["o-1|reserved", "o-2|backordered"])
      try await place.inventory.take(.arrival("a-1", of: "t-1", [(1, 3, 0)]))
      try await place.settle()
      #expect(try await place.balances() == ["WH-1|4|4|0|0", "WH-2|3|3|0|0", "in-transit|3|0|0|0"])
      #expect(try await place.states() == ["o-1|reserved", "o-2|partially_reserved"])
      try await place.inventory.take(.arrival("a-2", of: "t-1", [(1, 3, 0)]))
      try await place.settle()
      #expect(try await place.balances() == ["WH-1|4|4|0|0", "WH-2|6|5|0|0", "in-transit|0|0|0|0"])
      #expect(try await place.states() == ["o-1|reserved", "o-2|reserved"])
      #expect(try await place.house.rows("select transfer_id, state from transfers") == ["t-1|received"])
    }
  }

  @Test("goods can be sent where the SKU never was, and where a policy for every location watches it")
  func newPlace() async throws {
    try await withWarehouse(10) { place in
      try await place.inventory.take([.policy("A", everywhere: true, safety: 1, reorder: 5, recover: 6)])
      _ = try await place.house.relay()
      // Refused first, in the same batch: what it made is gone, and nobody is told of a place that never was in use.
      let taken = try await place.inventory.take([
        .move("m-1", "A", "WH-1", "WH-2", 40), .transfer("t-1", "WH-1", "WH-2", [("A", 2)]),
        .location("WH-3"), .move("m-2", "A", "WH-1", "WH-3", 40),
      ])
      #expect(taken.outcomes == [.applied, .applied, .applied, .applied])
      #expect(try await place.balances() == ["WH-1|8|0|0|0", "WH-2|0|0|0|0", "in-transit|2|0|0|0"])
      #expect(try await place.inventory.take(.arrival("a-1", of: "t-1", [(1, 2, 0)])).outcome == .applied)
      #expect(try await place.balances() == ["WH-1|8|0|0|0", "WH-2|2|0|0|0", "in-transit|0|0|0|0"])
    }
  }

  @Test("each step is told with how the line and the transfer stand, and its legs are in the ledger together")
  func told() async throws {
    try await withWarehouse(10) { place in
      try await place.inventory.take(.transfer("t-1", "WH-1", "WH-2", [("A", 6)]))
      try await place.inventory.take(.arrival("a-1", of: "t-1", [(1, 3, 1)]))
      try await place.inventory.take(.arrival("a-2", of: "t-1", [], final: true))
      let told = try await place.house.events(.stockTransferred).map { incoming -> [String] in
        guard case .stockTransferred(let event) = incoming.event else { return [] }
        return [
          event.fromLocationID.value, event.toLocationID.value, "\(event.quantity)", "\(event.lost)",
          "\(event.inTransit)", event.state.rawValue, event.arrivalID?.value ?? "-",
        ]
      }
      #expect(
        told == [
          ["WH-1", "in-transit", "6", "0", "6", "open", "-"],
          ["in-transit", "WH-2", "3", "1", "2", "partially_received", "a-1"],
          ["in-transit", "WH-2", "0", "3", "0", "closed_short", "a-2"],
        ])
      #expect(
        try await place.house.rows(
          """
          select l.reference, b.location_id, l.delta, l.reason, count(*) over (partition by l.recorded_at, l.reference)
          from stock_ledger l join balances b using (balance_id) where l.reference <> 'initial'
          order by l.recorded_at, b.location_id, l.seq
          """) == [
            "t-1|WH-1|-6|TRANSFER_OUT|2", "t-1|in-transit|6|TRANSFER_IN|2", "a-1|WH-2|3|TRANSFER_IN|3",
            "a-1|in-transit|-3|TRANSFER_OUT|3", "a-1|in-transit|-1|COUNT|3", "a-2|in-transit|-2|COUNT|1",
          ])
    }
  }

  @Test("the same document again changes nothing; with other content it is a dead letter that names the field")
  func repeated() async throws {
    try await withWarehouse(10) { place in
      let first = try await place.inventory.take([
        .transfer("t-1", "WH-1", "WH-2", [("A", 6)]), .arrival("a-1", of: "t-1", [(1, 2, 1)]),
        .transfer("t-1", "WH-1", "WH-2", [("A", 6)]), .arrival("a-1", of: "t-1", [(1, 2, 1)]),
      ])
      #expect(first.outcomes == [.applied, .applied, .unchanged, .unchanged])
      let again = try await place.inventory.take([
        .transfer("t-1", "WH-1", "WH-2", [("A", 6)]), .arrival("a-1", of: "t-1", [(1, 1, 1), (1, 1, 0)]),
      ])
      #expect(again.outcomes == [.unchanged, .unchanged])
      for (field, letter) in [
        ("data.from_location_id", Letter.transfer("t-1", "WH-3", "WH-2", [("A", 6)])),
        ("data.to_location_id", .transfer("t-1", "WH-1", "WH-3", [("A", 6)])),
        ("data.lines", .transfer("t-1", "WH-1", "WH-2", [("A", 5)])),
        ("data.transfer_id", .arrival("a-1", of: "t-2", [(1, 2, 1)])),
        ("data.lines", .arrival("a-1", of: "t-1", [(1, 2, 0)])),
        ("data.final", .arrival("a-1", of: "t-1", [(1, 2, 1)], final: true)),
      ] {
        #expect(try await place.inventory.take(letter).outcome == .deadLettered, "\(field)")
        #expect(try await place.house.deadLetter(of: letter.id).field == field)
      }
      #expect(try await place.balances() == ["WH-1|4|0|0|0", "WH-2|2|0|0|0", "in-transit|3|0|0|0"])
    }
  }

  @Test("an arrival before its transfer waits; lines that it does not have and more than was sent are refused")
  func refused() async throws {
    try await withWarehouse(10) { place in
      let early = Letter.arrival("a-1", of: "t-1", [(1, 2, 0)])
      let batch = try await place.inventory.take([early, .transfer("t-1", "WH-1", "WH-2", [("A", 6)])])
      #expect(batch.outcomes == [.retried, .applied])
      #expect(try await place.inventory.take(early.attempt(1)).outcome == .applied)
      let wrong = Letter.arrival("a-2", of: "t-1", [(2, 1, 0)])
      let tooMany = Letter.arrival("a-3", of: "t-1", [(1, 3, 2)])
      let other = Letter(
        .transferReceived(
          TransferReceived(
            arrivalID: ArrivalID(trusted: "a-4"), transferID: TransferID(trusted: "t-1"),
            lines: [.init(line: 1, sku: SKU(trusted: "B"), quantity: 1)])))
      for (letter, field) in [(wrong, "lines[0].line"), (tooMany, "lines[0].quantity"), (other, "lines[0].sku")] {
        #expect(try await place.inventory.take(letter).outcome == .deadLettered)
        #expect(try await place.house.deadLetter(of: letter.id).field == "data.\(field)")
      }
      let never = Letter.arrival("a-5", of: "t-9", [(1, 1, 0)]).attempt(3)
      #expect(try await place.inventory.take(never).outcome == .deadLettered)
      #expect(try await place.balances() == ["WH-1|4|0|0|0", "WH-2|2|0|0|0", "in-transit|4|0|0|0"])
    }
  }

  @Test("arrivals in any order, in one batch or several, end the same: a final one told early loses nothing for good")
  func anyOrder() async throws {
    let arrivals: [Letter] = [
      .arrival("a-1", of: "t-1", [(1, 3, 1), (2, 2, 0)]), .arrival("a-2", of: "t-1", [(1, 2, 0)]),
      .arrival("a-3", of: "t-1", [(1, 1, 0)], final: true),
    ]
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
      for together in [true, false] {
        try await withWarehouse(20) { place in
          try await place.inventory.take(.transfer("t-1", "WH-1", "WH-2", [("A", 10), ("A", 5)]))
          let letters = order.map { arrivals[$0] }
          for batch in together ? [letters] : letters.map({ [$0] }) {
            #expect(try await place.inventory.take(batch).count(.applied) == batch.count, "\(order)")
          }
          #expect(
            try await place.balances() == ["WH-1|5|0|0|0", "WH-2|8|0|0|0", "in-transit|0|0|0|0"], "\(order)")
          #expect(
            try await place.house.rows("select received, lost, given_up from transfer_lines order by line_no") == [
              "6|4|3", "2|3|3",
            ], "\(order)")
          #expect(try await place.house.value("select state from transfers") == "closed_short")
        }
      }
    }
  }

  @Test("a transfer's whole history in any order ends the same: what is early is tried again", arguments: UInt64(1)...6)
  func wholeHistory(_ seed: UInt64) async throws {
    try await withWarehouse(2) { place in
      var dice = SeededGenerator(seed: seed)
      var waiting: [Letter] = [
        .receipt("r-2", "A", "WH-1", 9), .transfer("t-1", "WH-1", "WH-2", [("A", 6), ("A", 4)]),
        .arrival("a-1", of: "t-1", [(1, 3, 1)]), .arrival("a-2", of: "t-1", [(2, 4, 0), (1, 1, 0)]),
        .arrival("a-3", of: "t-1", [], final: true), .order("o-1", [("A", 8)]),
      ].shuffled(using: &dice)
      for round in 0..<4 where !waiting.isEmpty {
        var early: [Letter] = []
        for letter in waiting {
          let worker = letter.routingKey.hasPrefix("order.") ? place.allocation : place.inventory
          guard try await worker.take(round == 0 ? letter : letter.attempt(Int64(round))).outcome == .retried else {
            continue
          }
          early.append(letter)
        }
        waiting = early.shuffled(using: &dice)
      }
      try await place.settle()
      #expect(waiting.isEmpty)
      #expect(try await place.house.deadLetters().isEmpty)
      #expect(
        try await place.house.rows("select on_hand from balances order by location_id") == ["1", "8", "0"])
      #expect(try await place.states() == ["o-1|reserved"])
      #expect(try await place.house.value("select state from transfers") == "closed_short")
      #expect(
        try await place.house.rows("select received, lost from transfer_lines order by line_no") == ["4|2", "4|0"])
    }
  }

  @Test("units that were given up and arrive after all are promised to those who wait")
  func foundAgain() async throws {
    try await withWarehouse(5) { place in
      try await place.inventory.take(.transfer("t-1", "WH-1", "WH-2", [("A", 5)]))
      try await place.allocation.take(.order("o-1", [("A", 5)]))
      try await place.inventory.take(.arrival("a-1", of: "t-1", [], final: true))
      try await place.settle()
      #expect(try await place.states() == ["o-1|backordered"])
      try await place.inventory.take(.arrival("a-2", of: "t-1", [(1, 5, 0)]))
      try await place.settle()
      #expect(try await place.states() == ["o-1|reserved"])
      #expect(try await place.house.value("select state from transfers") == "received")
    }
  }

  @Test("what left has left: promises that it leaves short are bumped; what is not there is tried again, wholly")
  func bumps() async throws {
    try await withWarehouse(10) { place in
      try await place.allocation.take([.order("o-1", [("A", 5)], priority: 1), .order("o-2", [("A", 4)])])
      let tooMany = Letter.transfer("t-0", "WH-1", "WH-2", [("A", 8), ("A", 3)])
      let taken = try await place.inventory.take(tooMany)
      #expect(taken.outcome == .retried)
      #expect(taken.entries[0].why?.hasPrefix("data.lines[1].quantity") == true)
      try await place.inventory.take(.transfer("t-1", "WH-1", "WH-2", [("A", 3), ("A", 3)]))
      try await place.settle()
      #expect(try await place.balances() == ["WH-1|4|4|0|0", "WH-2|0|0|0|0", "in-transit|6|0|0|0"])
      #expect(try await place.states() == ["o-1|partially_reserved", "o-2|backordered"])
      #expect(try await place.house.rows("select distinct reason, reference from bumps") == ["transferred|t-1"])
      try await place.inventory.take(.arrival("a-1", of: "t-1", [(1, 3, 0), (2, 2, 0)], final: true))
      try await place.settle()
      #expect(try await place.balances() == ["WH-1|4|4|0|0", "WH-2|5|5|0|0", "in-transit|0|0|0|0"])
      #expect(try await place.states() == ["o-1|reserved", "o-2|reserved"])
    }
  }

  @Test("a lot stays the lot that it is, on its way and where it arrives")
  func lots() async throws {
    try await withWarehouse(0) { place in
      try await place.inventory.take([
        .lot("r-1", "A", "WH-1", "L-1", 6, expires: Warehouse.ago(-9 * 86_400)), .receipt("r-2", "A", "WH-1", 6),
      ])
      let transfer = Letter(
        .transferDispatched(
          TransferDispatched(
            transferID: TransferID(trusted: "t-1"), fromLocationID: LocationID(trusted: "WH-1"),
            toLocationID: LocationID(trusted: "WH-2"),
            lines: [
              .init(line: 1, sku: SKU(trusted: "A"), quantity: 6, lot: LotID(trusted: "L-1")),
              .init(line: 2, sku: SKU(trusted: "A"), quantity: 5),
            ])))
      try await place.inventory.take(transfer)
      #expect(
        try await place.balances().filter { $0.hasPrefix("in-transit") } == [
          "in-transit|5|0|0|0", "in-transit/L-1|6|0|0|0",
        ])
      try await place.inventory.take(.arrival("a-1", of: "t-1", [(1, 6, 0), (2, 5, 0)]))
      try await place.allocation.take(.order("o-1", [("A", 7)]))
      #expect(
        try await place.balances() == [
          "WH-1|1|0|0|0", "WH-1/L-1|0|0|0|0", "WH-2|5|1|0|0", "WH-2/L-1|6|6|0|0", "in-transit|0|0|0|0",
          "in-transit/L-1|0|0|0|0",
        ])
    }
  }

  @Test("nothing but transfers names the place of what is in transit, and nobody is alarmed about it")
  func place() async throws {
    try await withWarehouse(10) { place in
      let letters: [Letter] = [
        .location("in-transit"), .receipt("r-2", "A", "in-transit", 1), .count("cnt-1", "A", "in-transit", 1),
        .move("m-1", "A", "WH-1", "in-transit", 1), .transfer("t-2", "in-transit", "WH-2", [("A", 1)]),
        .adjustment("adj-1", .found, 1, "A", "in-transit"), .hold("hld-1", 1, "A", "in-transit"),
      ]
      let taken = try await place.inventory.take(letters)
      #expect(taken.outcomes.allSatisfy { $0 == .deadLettered })
      #expect(try await place.house.deadLetters().allSatisfy { $0.value == "in-transit" })
      _ = try await place.house.relay()
      try await place.inventory.take(.transfer("t-1", "WH-1", "WH-2", [("A", 1)]))
      try await place.inventory.take(.arrival("a-1", of: "t-1", [(1, 1, 0)]))
      #expect(try await place.house.eventTypes() == ["stock.transferred", "stock.transferred"])
    }
  }
}
