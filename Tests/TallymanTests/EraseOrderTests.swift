import Contracts
import PipelineKit
import Testing

@Suite("What speaks of an erased customer's orders goes with them")
struct EraseOrderTests {
  /// Everything in which somebody's words could still be found.
  private static let words = """
    select t from (
      select message_id || ' ' || encode(body, 'escape') as t from inbox
      union all select message_id || ' ' || encode(body, 'escape') from dead_letters
      union all select order_id || ' ' || closed_reason from orders
    ) as x where t like '%Elm St%' order by 1
    """

  private func shop(_ house: House) async throws -> PipelineKit.Worker {
    try await house.inventoryWorker().take([.product("A"), .location("W1"), .receipt("rcv-1", "A", "W1", 50)])
    return try await house.allocationWorker()
  }

  /// A message whose data and further attributes are as given.
  private func raw(_ id: String, _ type: String, _ data: String, more: String = "") -> Letter {
    Letter(
      raw: """
        {"specversion":"1.0","id":"\(id)","source":"urn:test","type":"\(type)","time":"\(Timestamp.now.rfc3339)",\
        "data":\(data)\(more)}
        """, id: id, routingKey: type)
  }

  private func broken(_ id: String, _ customer: String, _ order: String) -> Letter {
    raw(id, "order.created", #"{"order_id":"\#(order)","customer_id":"\#(customer)","lines":[{"sku":"A"}]}"#)
  }

  @Test("an order that never came into being is its customer's, unless it is or might be somebody else's")
  func neverMade() async throws {
    try await withHouse { house in
      let allocation = try await shop(house)
      let taken = try await allocation.take([
        broken("b-1", "cust-77", "ord-77"), .cancel("ord-77", reason: "Jane Doe, 5 Elm St"),
        // An id that jsonb does not get to read, that of another customer's order, and one that both have.
        raw("b-2", "order.created", #"{"order_id":"ord-78","customer_id":"cust-77","lines":[],"n":1e999999}"#),
        .cancel("ord-78", reason: "Jane Doe, 6 Elm St"),
        .order("ord-1", [("A", 1)], customer: "cust-1"), .cancel("ord-1", reason: "Bob, 7 Elm St"),
        broken("b-3", "cust-77", "ord-1"),
        broken("b-4", "cust-77", "unknown"), broken("b-5", "cust-2", "unknown"), .cancel("unknown", reason: "8 Elm St"),
      ])
      #expect(taken.count(.deadLettered) == 5, "\(taken.outcomes)")
      _ = try await house.relay()
      #expect(try await house.rows(EraseOrderTests.words).count == 8)
      let done = try await house.erase("--customer", "cust-77", "--why", "x")
      #expect(done.run.code == 0, "\(done.run)")
      #expect(done.rows["orders"] == 2 && done.rows["dead letters"] == 4)
      let left = try await house.rows(EraseOrderTests.words)
      #expect(left.count == 4 && left.allSatisfy { $0.contains("Bob") || $0.contains("8 Elm St") }, "\(left)")
      #expect(try await house.value("select customer_id from orders where order_id = 'ord-1'") == "cust-1")
      #expect(try await house.rows("select message_id from dead_letters where state = 'open'") == ["b-5"])
    }
  }

  @Test(
    "JSON that jsonb refuses, and text that is none, speak of a customer by an order or a shipment of theirs as well")
  func noDocument() async throws {
    try await withHouse { house in
      let allocation = try await shop(house)
      let huge = #","n":1e999999"#
      let at = #""status":"DELIVERED","timestamp":"\#(Timestamp.now.rfc3339)","reason":"at 5 Elm St""#
      let taken = try await allocation.take([
        .order("o-1", [("A", 2)], customer: "cust-1"), .order("o-2", [("A", 2)], customer: "cust-2"),
        .shipment("s-1", "o-1", [(1, "W1", 1)]), .shipment("s-2", "o-2", [(1, "W1", 1)]),
        raw("st-1", "shipment.status", #"{"shipment_id":"s-1",\#(at)}"#, more: huge),
        raw("st-2", "shipment.status", #"{"shipment_id":"s-2",\#(at)}"#, more: huge),
        raw("ca-1", "order.cancelled", #"{"order_id":"o-1","reason":"5 Elm St"}"#, more: huge),
        raw("nul-1", "order.cancelled", #"{"order_id":"o-1","reason":"5 Elm St\u0000"}"#),
        // What is no order's field names none: a shop's order may be 7.
        .order("7", [("A", 1)], customer: "cust-1"),
        raw("nul-2", "order.cancelled", #"{"order_id":"o-2","reason":"7, 5 Elm St\u0000"}"#),
        Letter(raw: #"gone: "order_id": "o-1", 5 Elm St"#, id: "text-1", routingKey: "order.cancelled"),
        Letter(raw: #"gone: "order_id":"o-11", 7 at 5 Elm St"#, id: "text-11", routingKey: "order.cancelled"),
      ])
      #expect(taken.count(.deadLettered) == 4, "\(taken.outcomes)")
      _ = try await house.relay()
      #expect(try await house.erase("--customer", "cust-1", "--why", "x").run.code == 0)
      let left = try await house.rows(EraseOrderTests.words).map { String($0.prefix { $0 != " " }) }
      #expect(Set(left) == ["st-2", "nul-2", "text-11"], "\(left)")
    }
  }

  @Test("an order or a shipment may stand anywhere in what was refused, and be a number")
  func misplaced() async throws {
    try await withHouse { house in
      let allocation = try await shop(house)
      func said(_ order: String, _ shipment: String) -> [Letter] {
        [
          raw("top-\(order)", "order.cancelled", #"{"reason":"5 Elm St"}"#, more: #","order_id":"\#(order)""#),
          raw("deep-\(order)", "order.cancelled", #"{"order":{"order_id":"\#(order)"},"reason":"5 Elm St"}"#),
          raw("number-\(order)", "order.cancelled", #"{"order_id":\#(order),"reason":"5 Elm St"}"#),
          raw(
            "parcel-\(order)", "shipment.status", #"{"parcels":[{"shipment_id":"\#(shipment)"}],"reason":"5 Elm St"}"#),
        ]
      }
      let taken = try await allocation.take(
        [
          .order("101", [("A", 2)], customer: "cust-1"), .order("102", [("A", 2)], customer: "cust-2"),
          .shipment("s-1", "101", [(1, "W1", 1)]), .shipment("s-2", "102", [(1, "W1", 1)]),
        ] + said("101", "s-1") + said("102", "s-2"))
      #expect(taken.count(.deadLettered) == 8, "\(taken.outcomes)")
      _ = try await house.relay()
      let done = try await house.erase("--customer", "cust-1", "--why", "x")
      #expect(done.run.code == 0 && done.rows["dead letters"] == 4)
      let left = Set(try await house.rows(EraseOrderTests.words).map { $0.prefix { $0 != " " } })
      #expect(left == ["top-102", "deep-102", "number-102", "parcel-102"])
    }
  }
}
