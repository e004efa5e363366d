import Allocation
import Contracts
import Foundation
import PipelineKit
import Stock
import Testing

@testable import Views
@testable import tallyman

@Suite("Explaining an order")
struct ExplainTests {
  @Test("each promise has its policy, what it could choose from, and the message that brought it about")
  func promises() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let explained = try await Looker(house: house).json("explain", "order", "waiting")
      let promises = explained.list("lines").flatMap { $0.list("promises") }
      #expect(promises.map { $0.text("policy") } == Array(repeating: "most_stock", count: 4))
      #expect(
        promises.map { $0.list("candidates").map { "\($0.text("location_id"))=\($0.int("allocatable"))" } } == [
          ["W2=5", "W1=4"], ["W2=5", "W1=4"], ["W2=12", "W1=1"], ["W2=12", "W1=1"],
        ])
      #expect(promises.map { $0["after_waiting"] as? Bool } == [false, false, true, true])
      let types = promises.map { promise in
        explained.list("messages").first { $0.text("message_id") == promise.text("message_id") }?.text("type")
      }
      #expect(types == ["order.created", "order.created", "stock.received", "stock.received"])

      let text = try await Looker(house: house).run("explain", "order", "waiting").output
      for part in [
        "Line 1: 30 of A: 22 reserved, 8 waiting", "5 at W2: promised at once by most_stock",
        "it could take: W2 5, W1 4",
        "12 at W2: promised after waiting", "because of: stock.received", "of urn:tallyman:inventory",
        "8 units have to arrive beyond the safety stocks; 1 unit for the first of them",
        "most_stock  the location with the most promisable stock first",
      ] {
        #expect(text.contains(part), "\(part): \(text)")
      }
    }
  }

  @Test("refused, cancelled and early orders say why, with the message, though no stock was changed")
  func withoutStock() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let look = Looker(house: house)
      func said(_ order: String) async throws -> String { try await look.run("explain", "order", order).output }
      let refused = try await said("refused")
      #expect(refused.contains("Refused: nothing of it could be promised, and it must not wait (backorder deny)."))
      #expect(refused.contains("order.created msg-") && refused.contains("applied by allocation"))
      let regretted = try await said("regretted")
      #expect(regretted.contains("1 waited, and not wanted any more"))
      #expect(regretted.contains("order.created") && regretted.contains("order.cancelled"))
      #expect(try await said("early").contains("closed because  changed my mind"))
      #expect(try await said("too-early").contains("order.cancelled msg-"))
    }
  }

  @Test("what it says would have to arrive is what fills the line: one unit less does not")
  func arrival() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([.product("A"), .location("W1"), .receipt("r-0", "A", "W1", 3)])
      try await inventory.take(.policy("A", at: "W1", safety: 5))
      try await allocation.take([
        .order("mine", [("A", 4)]), .order("first", [("A", 6)], priority: 1), .order("n-behind", [("A", 7)]),
      ])
      let look = Looker(house: house)
      let wait = try #require(try await look.json("explain", "order", "mine").list("lines").first).object("waits")
      #expect(wait.int("units_ahead") == 6 && wait.int("lines_ahead") == 1 && wait.int("owed") == 17)
      #expect(wait.int("free") == -2)
      let (first, all) = (Int64(wait.int("missing_for_first")), Int64(wait.int("missing_for_all")))
      #expect(first == 9 && all == 12)

      func open() async throws -> String {
        try await house.settle(allocation, .allocation)
        return try await house.value("select open_quantity from backorders where order_id = 'mine'")
      }
      try await inventory.take(.receipt("r-1", "A", "W1", first - 1))
      #expect(try await open() == "4")
      try await inventory.take(.receipt("r-2", "A", "W1", 1))
      #expect(try await open() == "3")
      try await inventory.take(.receipt("r-3", "A", "W1", all - first - 1))
      #expect(try await open() == "1")
      try await inventory.take(.receipt("r-4", "A", "W1", 1))
      #expect(try await open() == "0")
    }
  }

  @Test(
    "what waits wholly is filled when what it says has arrived, and not one unit before",
    arguments: [
      FulfilmentPolicy.lineComplete, .shipComplete,
    ])
  func wholly(policy: FulfilmentPolicy) async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([
        .product("A"), .product("B"), .location("W1"), .receipt("r-0", "A", "W1", 3), .receipt("r-1", "B", "W1", 1),
      ])
      try await allocation.take([
        .order("first", [("A", 6)], priority: 1), .order("mine", [("A", 4), ("B", 2)], policy: policy),
      ])
      let look = Looker(house: house)
      let lines = try await look.json("explain", "order", "mine").list("lines")
      #expect(lines.flatMap { $0.list("decisions") }.map { $0.text("decision") } == ["backordered", "backordered"])
      let rule = policy == .lineComplete ? "line_incomplete" : "order_incomplete"
      #expect(Set(lines.flatMap { $0.list("decisions") }.map { $0.text("rule") }) == [rule])
      let missing = lines.map { Int64($0.object("waits").int("missing_for_all")) }
      #expect(missing == [7, 1])
      let text = try await look.run("explain", "order", "mine").output
      #expect(text.contains("4 had to wait") && text.contains("it saw: 0 promisable, 3 owed"), "\(text)")

      func open() async throws -> [String] {
        try await house.settle(allocation, .allocation)
        return try await house.rows("select backordered from order_lines where order_id = 'mine' order by line_no")
      }
      try await inventory.take(.receipt("r-2", "A", "W1", missing[0] - 1))
      #expect(try await open() == ["4", "2"])
      try await inventory.take(.receipt("r-3", "A", "W1", 1))
      #expect(try await open() == (policy == .lineComplete ? ["0", "2"] : ["4", "2"]))
      try await inventory.take(.receipt("r-4", "B", "W1", missing[1]))
      #expect(try await open() == ["0", "0"])
    }
  }

  @Test("every rule by which units are not promised has its words")
  func rules() {
    #expect(Set(PolicyRule.reasons.keys) == Set(Decision.Rule.allCases.map(\.rawValue)))
  }

  @Test("of a busy balance's ledger exactly the order's entries are found, by looking at a few")
  func busy() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([.product("A"), .location("W1"), .receipt("r-0", "A", "W1", 100_000)])
      func crowd(_ name: String) async throws {
        for batch in 0..<6 {
          try await allocation.take((0..<50).map { .order("\(name)-\(batch)-\($0)", [("A", 1)]) })
        }
      }
      try await crowd("before")
      try await allocation.take(.order("mine", [("A", 5), ("A", 2)]))
      try await crowd("between")
      try await allocation.take(.shipment("shp", "mine", [(1, "W1", 3)]))
      try await allocation.take(.cancel("mine"))
      try await crowd("after")

      let history = try await Looker(house: house).json("explain", "order", "mine").list("history")
      let found = history.map { $0.object("entry") }.map { "\($0.int("seq"))|\($0.text("reason"))|\($0.int("delta"))" }
      #expect(
        found
          == (try await house.rows(
            "select seq, reason, delta from stock_ledger where reference in ('mine', 'shp') order by seq")))
      #expect(found.count == 6)
      // A table that is read in full would show its 900 entries here.
      let plan = try await house.desk().with { connection in
        try connection.script("analyze stock_ledger")
        let rows = try connection.query(
          .once("explain (analyze, costs off, timing off) \(ViewStatements.historyOfOrder)"),
          [
            .text("mine"), .timestamp((Timestamp.now + .seconds(60)).microseconds),
            .timestamp((Timestamp.now + .seconds(120)).microseconds), .texts(["mine"]), .int(100_000),
          ])
        return (0..<rows.count).map { rows.text($0, 0) }.joined(separator: "\n")
      }
      #expect(!plan.contains("Seq Scan on stock_ledger"), "\(plan)")
    }
  }

  @Test("a history that was not searched to its end says so")
  func cut() async throws {
    try await withHouse { house in
      try await house.inventoryWorker().take([.product("A"), .location("W1"), .receipt("r-0", "A", "W1", 100)])
      let allocation = try await house.allocationWorker()
      try await allocation.take(.order("mine", [("A", 5)]))
      try await allocation.take((0..<9).map { .order("other-\($0)", [("A", 1)]) } + [.cancel("mine")])
      let short = try await house.inspect { try ViewDesk($0).explain("mine", entries: 4) }
      let whole = try await house.inspect { try ViewDesk($0).explain("mine") }
      #expect(whole?.history.map(\.entry.delta) == [5, -5] && whole?.historyCut.isEmpty == true)
      #expect(short?.history.map(\.entry.delta) == [5])
      #expect(short?.historyCut.map { "\($0.sku) \($0.locationID) \($0.lot)" } == ["A W1 "])
      let text = ExplainText(try #require(short)).page().compactMap(\.self).joined(separator: "\n")
      #expect(text.contains("the ledger of A at W1 is too long to be searched to its end"), "\(text)")
    }
  }

  @Test("what a publisher calls itself and its messages cannot steer a terminal")
  func steering() async throws {
    try await withHouse { house in
      try await house.inventoryWorker().take([.product("A"), .location("W1"), .receipt("r-0", "A", "W1", 9)])
      let order = OrderCreated(
        orderID: OrderID(trusted: "mine"), customerID: CustomerID(trusted: "c"),
        lines: [.init(line: 1, sku: SKU(trusted: "A"), quantity: 1)])
      let letter = Letter(.orderCreated(order), id: "m\u{9B}31m", source: "urn:\u{9D}0;title")
      #expect(try await house.allocationWorker().take(letter).outcome == .applied)
      for forgotten in [false, true] {
        if forgotten { try await house.script("create table kept as table inbox; delete from inbox") }
        let text = try await Looker(house: house).run("explain", "order", "mine").output
        #expect(text.contains("m\u{FFFD}31m"), "\(text)")
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
      }
      try await house.script("insert into inbox select * from kept; drop table kept")
    }
  }

  @Test("where the messages were erased or forgotten, the ledger still names them")
  func forgotten() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      try await house.script("update inbox set body = '', headers = '{}' where message_id <> ''")
      let look = Looker(house: house)
      #expect(try await look.run("explain", "order", "reserved").output.contains("a message that was erased"))
      try await house.script(
        "create table kept as table inbox; delete from inbox")
      let text = try await look.run("explain", "order", "reserved").output
      #expect(text.contains("because of: message msg-") && text.contains("by messages that the inbox has forgotten"))
      try await house.script("insert into inbox select * from kept; drop table kept")
    }
  }

  @Test("candidates are read as they are written, with what their policy goes by")
  func candidates() {
    let read = Explanation.candidates("WH-1=40,a/b_.2=0", of: "most_stock")
    #expect(read.map(\.locationID) == ["WH-1", "a/b_.2"] && read.map(\.allocatable) == [40, 0])
    #expect(read.allSatisfy { $0.priority == nil && $0.distanceMetres == nil })
    let near = Explanation.candidates("WH-1=40@877464,WH-2=3", of: "nearest")
    #expect(near.map(\.allocatable) == [40, 3] && near.map(\.distanceMetres) == [877_464, nil])
    #expect(near.allSatisfy { $0.priority == nil })
    #expect(Explanation.candidates("WH-1=40@9", of: "fixed_priority").map(\.priority) == [9])
    #expect(Explanation.candidates("", of: "most_stock").isEmpty)
  }

  @Test("an order's own policy is named with what it went by, and its rule stands in the words of its file")
  func policies() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let berlin = Coordinates(lat: ExactNumber(trusted: "52.52"), lng: ExactNumber(trusted: "13.40"))
      let paris = Coordinates(lat: ExactNumber(trusted: "48.86"), lng: ExactNumber(trusted: "2.35"))
      try await inventory.take([
        .product("A"), .location("Berlin", priority: 4, at: berlin), .location("Oslo", priority: 7),
        .location("Paris", at: paris), .receipt("r-1", "A", "Berlin", 9), .receipt("r-2", "A", "Oslo", 9),
        .receipt("r-3", "A", "Paris", 2),
      ])
      try await house.allocationWorker().take([
        .order("near", [("A", 3)], from: .nearest, to: paris), .order("ranked", [("A", 99)], from: .fixedPriority),
      ])
      let look = Looker(house: house)
      let near = try await look.run("explain", "order", "near").output
      #expect(near.contains("2 at Paris: promised at once by nearest"), "\(near)")
      #expect(near.contains("it could take: Paris 2 (0 m), Berlin 9 (877.1 km), Oslo 9\n"), "\(near)")
      #expect(near.contains(LocationPolicy.nearest.rule.prefix(60)), "\(near)")
      let ranked = try await look.run("explain", "order", "ranked").output
      #expect(ranked.contains("Oslo 9 (priority 7), Berlin 8 (priority 4)"), "\(ranked)")
      #expect(ranked.contains("it saw: 17 promisable, 0 owed; Oslo 9 (priority 7), Berlin 8 (priority 4)"))
      #expect(ranked.contains(LocationPolicy.fixedPriority.rule.prefix(60)), "\(ranked)")
      let json = try await look.run("explain", "order", "near", "--json").output
      #expect(json.contains("\"distance_metres\""), "\(json)")
    }
  }

  @Test("every location policy has its rule in words", arguments: LocationPolicyName.allCases)
  func policies(_ name: LocationPolicyName) {
    #expect(PolicyRule.words(name.rawValue) == LocationPolicy.named(name).rule)
    #expect(!PolicyRule.words(LocationPolicy.dispatched).contains("does not know"))
  }

  @Test("distances in the unit that people read", arguments: [(0, "0 m"), (999, "999 m"), (1000, "1.0 km")])
  func distances(_ metres: Int64, _ text: String) {
    #expect(Show.distance(metres) == text)
    #expect(Show.distance(877_460) == "877.5 km")
  }
}
