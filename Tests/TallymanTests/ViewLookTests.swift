import Contracts
import Foundation
import PipelineKit
import TestServers
import Testing

@testable import tallyman

@Suite("How views look")
struct ViewFormTests {
  @Test("the names of fields stay: programs read them")
  func names() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let look = Looker(house: house)
      #expect(
        Set(try await look.json("stock", "A").keys) == [
          "sku", "name", "registered", "discontinued", "barcodes", "units", "owed", "lines_waiting", "safety_stock",
          "reorder_point", "recover_point",
          "alert",
          "episode_id", "free", "available_to_promise", "total", "locations", "more", "in_transit", "transfers",
        ])
      #expect(
        Set(try await look.json("ledger", "A").list("entries")[0].keys) == [
          "location_id", "lot", "seq", "bucket", "delta", "balance_after", "reason", "reference", "consumer", "source",
          "message_id", "occurred_at", "recorded_at",
        ])
      #expect(
        Set(try await look.json("order", "waiting").keys) == [
          "order_id", "customer_id", "state", "policy", "backorder", "priority", "ordered_at", "updated_at", "sequence",
          "delivered", "lines", "reservations", "backorders", "shipments",
        ])
      #expect(
        Set(try await look.json("explain", "order", "waiting").list("lines")[0].keys) == [
          "line", "promises", "bumps", "decisions", "waits",
        ])
    }
  }

  @Test("colours are for terminals that have them, and for nobody who asks for none")
  func colours() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let url = try PostgresServer.shared().conninfo(database: house.name, user: "tallyman_operator")
      /// As the program writes to a terminal.
      func seen(_ variables: String...) throws -> String {
        try Child.run(
          ["/usr/bin/env", "TALLYMAN_DATABASE_URL=\(url)"] + variables + [
            "python3", "-c", "import pty, sys; pty.spawn(sys.argv[1:])", Program.path, "stock", "A",
          ])
      }
      let coloured = try seen("TERM=xterm", "NO_COLOR=")
      #expect(coloured.contains("\u{1B}[1mLOCATION\u{1B}[0m") && coloured.contains("\u{1B}[31mout\u{1B}[0m"))
      #expect(try !seen("TERM=xterm", "NO_COLOR=1").contains("\u{1B}"))
      #expect(try !seen("TERM=dumb", "NO_COLOR=").contains("\u{1B}"))
      let plain = coloured.replacing(/\u{1B}\[\d+m/, with: "").replacing("\r\n", with: "\n")
      #expect(try await Looker(house: house).run("stock", "A").output == plain, "and nothing else differs")
    }
  }

  @Test("a look waits for no worker's lock and holds up none")
  func locks() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let desk = try await house.desk()
      try await desk.script("begin; select from stock_items for update; select from orders for update")
      try await desk.script("lock table balances, reservations, backorders, order_lines in share row exclusive mode")
      for arguments in [
        ["stock", "A"], ["order", "late"], ["ledger", "A"], ["backorders"], ["reservations"], ["low"],
        ["explain", "order", "waiting"],
      ] {
        #expect(try await Looker(house: house).run(arguments).code == 0, "\(arguments)")
      }
      try await desk.script("rollback")
    }
  }

  @Test("what others wrote cannot steer the terminal, and long text is cut")
  func foreignText() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      try await inventory.take([
        .product("A", name: "\u{1B}[31mred\u{7}" + String(repeating: "x", count: 200)), .location("W1"),
      ])
      let text = try await Looker(house: house).run("stock", "A").output
      #expect(!text.contains("\u{1B}") && !text.contains("\u{7}") && text.contains("xxx…"))
    }
  }

  @Test("a table stands in columns whatever is in it")
  func columns() {
    var table = TextTable([.text("NAME"), .number("N"), .text("STATE")])
    table.add(["a", "1", "out"])
    table.add(["longer", "1000", "normal"])
    #expect(table.text(colours: false) == "NAME       N  STATE\na          1  out\nlonger  1000  normal")
    let coloured = table.text(colours: true)
    #expect(coloured.contains("\u{1B}[31mout\u{1B}[0m"))
    #expect(coloured.replacing(/\u{1B}\[\d+m/, with: "") == table.text(colours: false))
  }
}
