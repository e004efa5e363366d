import Contracts
import Foundation
import PipelineKit
import TestServers
import Testing

@testable import tallyman

/// A look at a house with the operator's role, through the program.
struct Looker {
  let house: House

  func run(_ arguments: String...) async throws -> Program.Run { try await run(arguments) }

  func run(_ arguments: [String]) async throws -> Program.Run {
    try await Program.run(arguments, on: house)
  }

  /// What a program reads.
  func json(_ arguments: String..., code: Int = 0) async throws -> [String: Any] {
    let run = try await run(arguments + ["--json"])
    #expect(run.code == code, "\(arguments): \(run)")
    return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
  }
}

extension [String: Any] {
  func int(_ key: String) -> Int { self[key] as? Int ?? .min }
  func text(_ key: String) -> String { self[key] as? String ?? "absent" }
  func object(_ key: String) -> [String: Any] { self[key] as? [String: Any] ?? [:] }
  func list(_ key: String) -> [[String: Any]] { self[key] as? [[String: Any]] ?? [] }
}

@Suite("Looking at stock and orders")
struct ViewTests {
  @Test("lots that are used up hide none of what is there")
  func usedUpLots() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      try await house.script(
        "insert into balances (sku, location_id, lot) select 'C', 'W1', 'old-' || n from generate_series(1, 100) as n")
      let stock = try await Looker(house: house).json("stock", "C")
      #expect(stock.list("locations").count == 1 && stock.int("more") == 0)
      #expect(stock.object("total").int("on_hand") == 10)
    }
  }

  @Test("stock has every balance, their sum, and what can be promised")
  func stock() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let look = Looker(house: house)
      let stock = try await look.json("stock", "A")
      #expect(stock.object("total").int("on_hand") == 24 && stock.object("total").int("reserved") == 23)
      #expect(stock.list("locations").map { $0.text("location_id") } == ["W1", "W2"])
      #expect(stock.int("owed") == 8 && stock.int("lines_waiting") == 1 && stock.int("available_to_promise") == 0)
      #expect(stock.text("alert") == "out" && stock.text("episode_id") == "A/1")

      let kept = try await look.json("stock", "C")
      #expect(kept.int("free") == 0, "the safety stock is kept back")
      #expect(kept.list("locations").map { $0.object("quantities").int("available") } == [10])
      #expect(kept.list("locations").map { $0.int("allocatable") } == [0])

      let moving = try await look.json("stock", "Q")
      #expect(moving.int("in_transit") == 2)
      #expect(moving.list("transfers").map { $0.text("transfer_id") } == ["trf-1"])
      #expect(moving.list("transfers").map { $0.int("quantity") } == [2])

      let ended = try await look.json("stock", "4006381333931")
      #expect(ended.text("sku") == "P" && ended["discontinued"] as? Bool == true, "a barcode names its SKU")
      #expect(ended["barcodes"] as? [String] == ["4006381333931"])

      let text = try await look.run("stock", "A").output
      let lines = text.split(separator: "\n").map(String.init)
      let heading = try #require(lines.first { $0.hasPrefix("LOCATION") })
      let row = try #require(lines.first { $0.hasPrefix("W2") })
      let end = try #require(heading.range(of: "ON HAND")).upperBound
      #expect(row[..<end].hasSuffix(" 17"), "numbers stand under the end of their heading: \(row)")
      #expect(lines.contains { $0.hasPrefix("total") } && !text.contains("\u{1B}"))
    }
  }

  @Test("a ledger's entry says who and why; what was told after a count that may have seen it is marked")
  func papers() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let look = Looker(house: house)
      let damage = try await look.json("ledger", "Q").list("entries").filter { $0.text("bucket") == "damaged" }
      #expect(damage.map { $0.text("person") } == ["m.kowalska"] && damage.map { $0.text("reason_code") } == ["CODE"])
      #expect(damage.map { $0.text("paper") } == ["adjustment: damage"])
      let text = try await look.run("ledger", "Q").output
      #expect(text.contains(" PERSON ") && text.contains(" ann ") && !text.contains("TOLD AFTER"))
      #expect(try await !look.run("ledger", "A").output.contains("PERSON"))

      let inventory = try await house.inventoryWorker()
      func receipt(_ id: String, _ seconds: Int64) -> Letter {
        Letter(
          .goodsReceived(
            GoodsReceived(
              receiptID: ReceiptID(trusted: id), sku: SKU(trusted: "Q"), locationID: LocationID(trusted: "W2"),
              quantity: 1)), time: .now - .seconds(seconds))
      }
      try await inventory.take([
        receipt("in-time", 7200), .count("cnt-2", "Q", "W2", 5, at: .now - .seconds(3600)), receipt("late", 5400),
        receipt("after", 1800),
      ])
      let late = try await look.json("ledger", "Q").list("entries").filter { $0["late_for"] != nil }
      #expect(late.map { $0.text("reference") } == ["late"] && late.map { $0.text("late_for") } == ["cnt-2"])
      #expect(try await look.run("ledger", "Q").output.contains("TOLD AFTER"))
      let listed = "select reference, count_id, settled from late_movements"
      #expect(try await house.rows(listed) == ["late|cnt-2|false"])
      try await inventory.take(.count("cnt-3", "Q", "W2", 6))
      #expect(try await house.rows(listed) == ["late|cnt-2|true"])
    }
  }

  @Test("what does not exist ends with 1, what cannot exist is wrong usage")
  func unknown() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let look = Looker(house: house)
      for arguments in [["stock", "Z"], ["ledger", "Z"], ["order", "o-z"], ["explain", "order", "o-z"]] {
        let run = try await look.run(arguments)
        #expect(run.code == 1 && run.output.isEmpty, "\(arguments)")
        #expect(run.errors.hasPrefix("tallyman: there is no "), "\(run.errors)")
        let json = try await look.run(arguments + ["--json"])
        #expect(json.code == 1 && json.output == "null\n" && json.errors == run.errors, "\(json)")
      }
      for arguments in [
        ["stock", "a b"], ["ledger", "A", "--location", "x y"], ["order", "x y"], ["ledger", "A", "--limit", "0"],
        ["ledger", "A", "--since", "yesterday"], ["backorders", "?"], ["low", "--limit", "10001"],
      ] {
        #expect(try await look.run(arguments).code == 2, "\(arguments)")
      }
      #expect(try await look.json("backorders", "Z", code: 1).list("lines").isEmpty)
      #expect(try await look.json("reservations", "Z", code: 1).list("reservations").isEmpty)
      #expect(try await look.json("ledger", "A", "--until", "1h", code: 1).list("entries").isEmpty)
    }
  }

  @Test("an order that is not there, but in a dead letter, says which")
  func deadLetter() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let allocation = try await house.allocationWorker()
      try await allocation.take(Letter.order("o/\"x\"", [("NEVER", 2)]).attempt(3))
      let id = try await house.value("select max(dead_letter_id) from dead_letters")
      for command in [["order"], ["explain", "order"]] {
        let run = try await Looker(house: house).run(command + ["o/\"x\""])
        #expect(run.code == 1)
        #expect(run.errors.contains("open dead letters that speak of it: \(id) "), "\(run.errors)")
      }
    }
  }

  @Test("order has lines, promises, backorders and shipments, and every line's equation holds in it")
  func order() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let look = Looker(house: house)
      for id in ["reserved", "twice", "waiting", "late", "refused", "resting", "regretted", "early"] {
        let order = try await look.json("order", id)
        for line in order.list("lines") {
          let parts = ["reserved", "backordered", "shipped", "cancelled"].map(line.int).reduce(0, +)
          #expect(line.int("ordered") == parts, "\(id)")
          let promised = order.list("reservations").filter { $0.int("line") == line.int("line") }
          #expect(promised.map { $0.int("open_quantity") }.reduce(0, +) == line.int("reserved"), "\(id)")
        }
      }
      let shipped = try await look.json("order", "reserved")
      #expect(shipped.list("shipments").map { $0.text("shipment_id") } == ["shp-1"])
      #expect(shipped.list("shipments").flatMap { $0.list("lines") }.map { $0.int("quantity") } == [4])
      let tombstone = try await look.run("order", "too-early")
      #expect(tombstone.code == 0 && tombstone.output.contains("its cancellation came, the order itself has not"))
    }
  }

  @Test("ledger has every change of a SKU, the newest first; filters and limits leave out, and say so")
  func ledger() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let look = Looker(house: house)
      let all = try await look.json("ledger", "A").list("entries")
      let count = try await house.value(
        "select count(*) from stock_ledger join balances using (balance_id) where sku = 'A'")
      #expect("\(all.count)" == count && all.count > 10)
      let times = all.map { $0.text("recorded_at") }
      #expect(times == times.sorted(by: >))
      #expect(all.allSatisfy { !$0.text("message_id").isEmpty && !$0.text("consumer").isEmpty })

      let first = try await look.json("ledger", "A", "--limit", "3")
      #expect(first.list("entries").map { $0.int("seq") } == all.prefix(3).map { $0.int("seq") })
      #expect(first["has_more"] as? Bool == true)
      let there = try await look.json("ledger", "A", "--location", "W2").list("entries")
      #expect(Set(there.map { $0.text("location_id") }) == ["W2"] && there.count < all.count)
      #expect(there.map { $0.int("seq") } == (1...there.count).reversed().map { $0 }, "no gap")
      let last = try #require(times.first)
      #expect(
        try await look.json("ledger", "A", "--since", last).list("entries").allSatisfy {
          $0.text("recorded_at") == last
        })
      let text = try await look.run("ledger", "A", "--limit", "3")
      #expect(text.output.hasSuffix("there are more than these 3: --limit shows up to 10000\n"))
    }
  }

  @Test("backorders stand in the order in which stock fills them, with what is ahead of each")
  func backorders() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([.product("A"), .location("W1")])
      let (soon, later) = (Timestamp.now + .seconds(3600), Timestamp.now + .seconds(86_400))
      try await allocation.take([
        .order("plain", [("A", 1)]), .order("later", [("A", 2)], needBy: later),
        .order("rich", [("A", 3)], priority: 5),
        .order("soon", [("A", 4)], needBy: soon), .order("plain-2", [("A", 5)]),
      ])
      let look = Looker(house: house)
      let lines = try await look.json("backorders", "A").list("lines")
      #expect(lines.map { $0.text("order_id") } == ["rich", "soon", "later", "plain", "plain-2"])
      #expect(lines.map { $0.int("place") } == [1, 2, 3, 4, 5])
      #expect(lines.map { $0.int("units_ahead") } == [0, 3, 7, 9, 10])
      #expect(try await look.json("backorders").list("items").map { $0.int("owed") } == [15])
      let some = try await look.json("backorders", "--limit", "2")
      #expect(some.list("lines").count == 2 && some["has_more"] as? Bool == true)

      for (number, line) in lines.enumerated() {
        try await inventory.take(.receipt("r-\(number)", "A", "W1", Int64(line.int("open_quantity"))))
        try await house.settle(allocation, .allocation)
        #expect(
          try await house.rows("select order_id from backorders where open_quantity = 0 order by order_id")
            == lines.prefix(number + 1).map { $0.text("order_id") }.sorted())
      }
      #expect(try await look.run("backorders").code == 1)
    }
  }

  @Test("reservations shows what is open, and of one order what ended too")
  func reservations() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let look = Looker(house: house)
      let all = try await look.json("reservations")
      let units = try await house.value("select sum(reserved) from balances")
      #expect("\(all.int("open_quantity"))" == units)
      #expect(all.list("reservations").allSatisfy { $0.text("state") == "active" })
      let one = try await look.json("reservations", "A", "--order", "twice")
      #expect(one.list("reservations").map { $0.text("state") }.sorted() == ["active", "consumed"])
      let some = try await look.json("reservations", "A", "--limit", "1")
      #expect(some.list("reservations").count == 1 && some.int("total") == 5)
    }
  }

  @Test("low is what stock.low and stock.out have announced and stock.recovered has not ended")
  func low() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      let look = Looker(house: house)
      try await inventory.take([.product("A", name: "Mouse"), .product("B"), .location("W1"), .location("W2")])
      #expect(try await look.json("low", code: 1).list("levels").isEmpty)
      try await inventory.take([
        .policy("A", reorder: 5, recover: 10), .policy("A", at: "W1", reorder: 2, recover: 4),
        .receipt("r-1", "A", "W1", 20), .receipt("r-2", "B", "W2", 1),
      ])
      try await allocation.take([.order("o-1", [("A", 18)]), .order("o-2", [("B", 1)])])
      var told: Set<String> = []
      var began: [String: String] = [:]
      func announced() async throws -> Set<String> {
        for message in try await house.events() {
          switch message.event {
          case .stockLow(let level), .stockOut(let level):
            told.insert(level.episodeID)
            began[level.episodeID] = began[level.episodeID] ?? message.envelope.time.rfc3339
          case .stockRecovered(let level): told.remove(level.episodeID)
          default: break
          }
        }
        return told
      }
      let levels = try await look.json("low").list("levels")
      #expect(Set(levels.map { $0.text("episode_id") }) == (try await announced()))
      #expect(levels.map { $0.text("state") } == ["out", "out", "low", "low"], "what has run out comes first")
      let overall = try #require(levels.first { $0.text("sku") == "A" && $0["location_id"] == nil })
      #expect(overall.int("available") == 2 && overall.int("reorder_point") == 5 && overall.text("name") == "Mouse")
      #expect(overall.int("owed") == 0)

      let since = levels.map { ($0.text("episode_id"), $0.text("since")) }
      #expect(Dictionary(since) { $1 } == began, "since the event that announced it")

      try await inventory.take([.receipt("r-3", "A", "W1", 8)])
      let left = try await look.json("low").list("levels")
      #expect(Set(left.map { $0.text("episode_id") }) == (try await announced()))
      #expect(left.map { $0.text("sku") } == ["B", "B"], "recovered is not low")
      let first = try await look.json("low", "--limit", "1")
      #expect(first.list("levels").count == 1 && first["has_more"] as? Bool == true)
    }
  }

  @Test("low leaves out what is discontinued, which nobody orders more of, until it is sold again")
  func lowDiscontinued() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      let look = Looker(house: house)
      try await inventory.take([.product("A"), .location("W1"), .receipt("r-1", "A", "W1", 1)])
      try await allocation.take(.order("o-1", [("A", 1)]))
      #expect(try await look.json("low").list("levels").count == 2)
      try await inventory.take(.discontinue("A"))
      #expect(try await look.json("low", code: 1).list("levels").isEmpty)
      try await inventory.take(.product("A"))
      #expect(try await look.json("low").list("levels").map { $0.text("state") } == ["out", "out"])
    }
  }
}
