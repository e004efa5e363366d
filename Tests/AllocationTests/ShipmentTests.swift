import Contracts
import Messaging
import PipelineKit
import Testing

@Suite("Shipments")
struct ShipmentTests {
  @Test("on_hand and reserved fall together; the last shipment makes order.shipped")
  func consumes() async throws {
    try await withScene([("A", "WH-1", 5), ("A", "WH-2", 4)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 7), ("A", 1)]))
      _ = try await scene.house.relay()
      #expect(try await scene.allocation.take(.shipment("s-1", "o-1", [(1, "WH-1", 4)])).outcome == .applied)
      #expect(try await scene.state("o-1") == "partially_shipped")
      #expect(
        try await scene.house.rows("select location_id, on_hand, reserved from balances order by 1") == [
          "WH-1|1|1", "WH-2|4|3",
        ])
      try await scene.allocation.take(
        .shipment("s-2", "o-1", [(1, "WH-1", 1), (1, "WH-2", 1), (1, "WH-2", 1), (2, "WH-2", 1)]))
      #expect(try await scene.state("o-1") == "shipped")
      #expect(try await scene.house.eventTypes() == ["order.partially_shipped", "order.shipped"])
      #expect(try await scene.house.rows("select distinct state from reservations") == ["consumed"])
      #expect(
        try await scene.house.rows(
          "select bucket, sum(delta) from stock_ledger where reason = 'SHIP' group by 1 order by 1") == [
            "on_hand|-8", "reserved|-8",
          ])
    }
  }

  @Test("an order is placed and shipped in one batch")
  func oneBatch() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      let taken = try await scene.allocation.take([
        .order("o-1", [("A", 5)]), .shipment("s-1", "o-1", [(1, "WH-1", 5)]),
      ])
      #expect(taken.outcomes == [.applied, .applied])
      #expect(try await scene.state("o-1") == "shipped")
    }
  }

  @Test("the same shipment again is a no-op; a contradiction is a dead letter naming the field")
  func duplicate() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 3)]), .order("o-2", [("A", 2)])])
      let shipment = { Letter.shipment("s-1", "o-1", [(1, "WH-1", 1), (1, "WH-1", 1)]) }
      #expect(try await scene.allocation.take([shipment(), shipment()]).outcomes == [.applied, .unchanged])
      #expect(try await scene.allocation.take(shipment()).outcome == .unchanged)
      #expect(try await scene.allocation.take(.shipment("s-1", "o-1", [(1, "WH-1", 2)])).outcome == .unchanged)
      let others: [(String, Letter)] = [
        ("data.order_id", .shipment("s-1", "o-2", [(1, "WH-1", 2)])),
        ("data.lines", .shipment("s-1", "o-1", [(1, "WH-1", 1)])),
      ]
      for (field, letter) in others {
        #expect(try await scene.allocation.take(letter).outcome == .deadLettered)
        #expect(try await scene.house.deadLetter(of: letter.id).field == field)
      }
      let lines = try await scene.house.deadLetter(of: others[1].1.id)
      #expect(lines.value == "1 of line 1 at WH-1")
      #expect(lines.rule == "must stay 2 of line 1 at WH-1: shipment s-1 was published with it before")
      #expect(try await scene.house.value("select on_hand from balances") == "3")
    }
  }

  @Test("the same shipment with another carrier, number or product is a dead letter; what is erased is not compared")
  func contradiction() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take([.order("o-1", [("A", 3)]), .order("o-2", [("A", 2)])])
      func shipment(
        _ id: String = "s-1", _ order: String = "o-1", sku: String? = "A", carrier: String? = "UPS",
        number: String? = "OLD"
      ) -> Letter {
        let line = ShipmentDispatched.Line(
          line: 1, sku: sku.map(SKU.init(trusted:)), locationID: LocationID(trusted: "WH-1"), quantity: 1)
        return Letter(
          .shipmentDispatched(
            ShipmentDispatched(
              shipmentID: ShipmentID(trusted: id), orderID: OrderID(trusted: order), lines: [line], carrier: carrier,
              trackingNumber: number)))
      }
      let same = [shipment(), shipment(), shipment(sku: nil)]
      #expect(try await scene.allocation.take(same).outcomes == [.applied, .unchanged, .unchanged])
      let others: [(field: String, value: String, known: String, letter: Letter)] = [
        ("data.lines[0].sku", "ZZZ", "A", shipment(sku: "ZZZ", carrier: "DHL")),
        ("data.carrier", "DHL", "UPS", shipment(carrier: "DHL", number: "NEW")),
        ("data.tracking_number", "NEW", "OLD", shipment(number: "NEW")),
        ("data.tracking_number", "absent", "OLD", shipment(number: nil)),
      ]
      for (field, value, known, letter) in others {
        #expect(try await scene.allocation.take(letter).outcome == .deadLettered)
        let dead = try await scene.house.deadLetter(of: letter.id)
        #expect([dead.kind, dead.field, dead.value] == ["refused", field, value])
        #expect(dead.rule == "must stay \(known): shipment s-1 was published with it before")
      }
      #expect(try await scene.house.rows("select carrier, tracking_number from shipments") == ["UPS|OLD"])
      try await scene.allocation.take(shipment("s-2", "o-2", carrier: nil, number: nil))
      let named = shipment("s-2", "o-2", number: nil)
      #expect(try await scene.allocation.take(named).outcome == .deadLettered)
      #expect(try await scene.house.deadLetter(of: named.id).rule.hasPrefix("must stay absent: "))
      try await scene.house.script(
        "update orders set customer_id = 'erased'; update shipments set carrier = null, tracking_number = null")
      #expect(try await scene.allocation.take(shipment(carrier: "DHL")).outcome == .unchanged)
      #expect(try await scene.allocation.take(shipment(sku: "ZZZ")).outcome == .deadLettered)
    }
  }

  @Test("more than is open and an unknown line are tried again, then dead letters; another SKU is one at once")
  func refused() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 3)]))
      let wrongSKU = Letter(
        .shipmentDispatched(
          ShipmentDispatched(
            shipmentID: ShipmentID(trusted: "s-4"), orderID: OrderID(trusted: "o-1"),
            lines: [.init(line: 1, sku: SKU(trusted: "B"), locationID: LocationID(trusted: "WH-1"), quantity: 1)])))
      let letters: [(String, Letter)] = [
        ("data.lines[0].quantity", .shipment("s-1", "o-1", [(1, "WH-1", 4)])),
        ("data.lines[1].quantity", .shipment("s-2", "o-1", [(1, "WH-1", 2), (1, "WH-1", 2)])),
        ("data.lines[0].line", .shipment("s-3", "o-1", [(2, "WH-1", 1)])), ("data.lines[0].sku", wrongSKU),
      ]
      for (field, letter) in letters {
        let isSKU = field == "data.lines[0].sku"
        #expect(try await scene.allocation.take(letter).outcome == (isSKU ? .deadLettered : .retried))
        if !isSKU { #expect(try await scene.allocation.take(letter.attempt(3)).outcome == .deadLettered) }
        let dead = try await scene.house.deadLetter(of: letter.id)
        #expect([dead.kind, dead.field] == [isSKU ? "refused" : "exhausted", field])
      }
      #expect(
        try await scene.house.rows("select reason from dead_letters order by 1") == [
          "more_than_open", "more_than_open", "unknown_line", "wrong_line",
        ])
      #expect(try await scene.lines("o-1") == ["3|0|0|0"])
      #expect(try await scene.house.value("select count(*) from shipments") == "0")
    }
  }

  @Test("more than is reserved at the location is tried again, then it is a dead letter", arguments: [false, true])
  func exhausted(reservedMeanwhile: Bool) async throws {
    try await withScene([("A", "WH-1", 2)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 4)]))
      _ = try await scene.house.relay()
      var letter = Letter.shipment("s-1", "o-1", [(1, "WH-1", 3)])
      for _ in 1...3 {
        #expect(try await scene.allocation.take(letter).outcome == .retried)
        letter = Letter(try #require(try await scene.house.relay().first))
      }
      if reservedMeanwhile {
        try await scene.inventory.take(.receipt("r-2", "A", "WH-1", 1))
        try await scene.settle()
        #expect(try await scene.allocation.take(letter).outcome == .applied)
        #expect(try await scene.lines("o-1") == ["0|1|3|0"])
      } else {
        #expect(try await scene.allocation.take(letter).outcome == .deadLettered)
        let dead = try await scene.house.deadLetter()
        #expect([dead.kind, dead.field, dead.value] == ["exhausted", "data.lines[0].quantity", "3"])
        #expect(dead.attempt == 3)
      }
    }
  }

  @Test("a shipment of an order that is unknown, or known only as cancelled, is tried again")
  func unknownOrder() async throws {
    try await withScene([("A", "WH-1", 2)]) { scene in
      try await scene.allocation.take(.cancel("o-2"))
      let taken = try await scene.allocation.take([
        .shipment("s-1", "o-1", [(1, "WH-1", 1)]), .shipment("s-2", "o-2", [(1, "WH-1", 1)]),
      ])
      #expect(taken.outcomes == [.retried, .retried])
    }
  }
}
