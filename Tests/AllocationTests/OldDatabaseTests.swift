import Contracts
import Messaging
import PipelineKit
import Postgres
import Stock
import Testing

@testable import Allocation
@testable import Inventory

/// What grows with the years, or with what waits, must not make one transaction or one sweep grow.
@Suite("Old and full databases")
struct OldDatabaseTests {
  @Test("what is free of a SKU is asked once, however many orders wait for it as a whole")
  func asksOnce() async throws {
    try await withScene([("A", "WH-1", 1), ("B", "WH-1", 50)]) { scene in
      try await scene.allocation.take((0..<100).map { .order("o-\($0)", [("A", 5), ("B", 1)], policy: .shipComplete) })
      try await scene.house.script(
        """
        create sequence questions;
        grant usage on sequence questions to public;
        alter function stock_free(text) rename to stock_really_free;
        create function stock_free(of_sku text) returns bigint language sql stable as
          'select stock_really_free(of_sku) + 0 * nextval(''questions'')';
        """)
      let found = try await scene.allocation.with { try WorkingSet.fillableOrders(on: $0).count }
      #expect(found == 0)
      #expect(try await scene.house.value("select last_value from questions") == "2")
      try await scene.house.script("update balances set on_hand = 1000 where sku = 'A'")
      let all = try await scene.allocation.with { try WorkingSet.fillableOrders(on: $0) }
      #expect(all.count == 100 && all.first?.order.value == "o-0" && all.first?.sku.value == "A")
      try await scene.house.script("update balances set on_hand = 1 where sku = 'A'")
    }
  }

  @Test("SKUs that somebody waits for are found among all there are")
  func findsTheFew() async throws {
    let skus = (0..<40).map { "S-\($0)" }
    try await withScene(skus.map { ($0, "WH-1", 1) }) { scene in
      try await scene.allocation.take(["S-7", "S-21", "S-3"].map { .order("o-\($0)", [($0, 2)]) })
      try await scene.house.script("update balances set on_hand = 2 where sku in ('S-7', 'S-3', 'S-30')")
      let found = try await scene.allocation.with { try WorkingSet.fillableSKUs(on: $0).map(\.value) }
      #expect(found.sorted() == ["S-3", "S-7"])
      try await scene.house.script("update balances set on_hand = 1")
    }
  }

  @Test("a delivery of many products fills no more in one transaction than one of a single product")
  func fillsInPortions() async throws {
    let skus = (0..<40).map { "S-\($0)" }
    try await withScene(skus.map { ($0, "WH-1", 0) }) { scene in
      for sku in skus {
        try await scene.allocation.take((0..<75).map { .order("\(sku)/\($0)", [(sku, Int64(1))]) })
      }
      let receipts = skus.map { Letter.receipt("r-\($0)", $0, "WH-1", 75) }
      #expect(try await scene.inventory.take(receipts).count(.applied) == 40)
      let received = try await scene.house.relay().filter { $0.routingKey == "stock.received" }.map(Letter.init)
      #expect(try await scene.allocation.take(received).count(.applied) == 40)
      #expect(try await scene.house.value("select sum(owed) from stock_items") == "1000")
      try await scene.settle()
      #expect(try await scene.house.value("select sum(owed) from stock_items") == "0")
    }
  }

  @Test("lots that were sold out before their end are not looked at for ever")
  func soldOut() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      let soon = Timestamp.now + .seconds(3600)
      try await scene.inventory.take([
        .lot("r-1", "A", "WH-1", "late", 5, expires: soon), .lot("r-2", "A", "WH-1", "now", 5, expires: soon),
      ])
      try await scene.house.script(
        """
        insert into lots (sku, lot, expires_at)
          select 'A', 'old-' || n, now() - interval '30 days' from generate_series(1, 500) as n;
        insert into lots (sku, lot, expires_at)
          select 'A', 'new-' || n, now() - interval '1 hour' from generate_series(1, 500) as n;
        update lots set expires_at = now() - interval '2 days' where lot = 'late';
        update lots set expires_at = now() - interval '1 second' where lot = 'now';
        """)
      let desk = try await scene.house.desk(user: "tallyman_inventory")
      let (found, lots, balances) = try await desk.with { database in
        try database.transaction {
          let found = try WorkingSet.expiredLots(since: LotSweeper.usual, on: database).map(\.lot.value)
          return (found, try reads("lots", database), try reads("balances", database))
        }
      }
      #expect(found == ["now"])
      #expect(lots <= 502, "\(lots) lots were read")
      #expect(balances == 1, "\(balances) balances were read")
      let pages = try await desk.with { database in
        var pages: [[String]] = []
        var position: LotPosition? = .start
        while let begin = position {
          let page = try WorkingSet.expiredLots(before: LotSweeper.usual, behind: begin, limit: 200, on: database)
          pages.append(page.lots.map(\.lot.value))
          position = page.end
        }
        return pages
      }
      #expect(pages == [[], [], ["late"]])
    }
  }

  @Test("a fresh lot is found although looking at the old ones fails; once that works, those are found as well")
  func freshFirst() async throws {
    try await withScene([("A", "WH-1", 0)]) { scene in
      let soon = Timestamp.now + .seconds(3600)
      try await scene.inventory.take([
        .lot("r-1", "A", "WH-1", "old", 5, expires: soon), .lot("r-2", "A", "WH-1", "fresh", 5, expires: soon),
      ])
      try await scene.house.script(
        """
        update lots set expires_at = now() - interval '30 days' where lot = 'old';
        update lots set expires_at = now() - interval '1 second' where lot = 'fresh';
        """)
      _ = try await scene.house.relay()
      let desk = try await scene.house.desk(user: "tallyman_inventory")
      let start = ContinuousClock.now
      try await desk.with { database in
        // No statement may have such a limit.
        let sweeps = LotSweeps(portion: -1, at: start)
        #expect(throws: PostgresError.self) { try sweeps.turn(on: database, at: start) }
        // Not the old ones again at once.
        _ = try sweeps.turn(on: database, at: start + .seconds(1))
        #expect(throws: PostgresError.self) { try sweeps.turn(on: database, at: start + .seconds(30)) }
      }
      let fresh = try await scene.house.relay().map { String(decoding: $0.body, as: UTF8.self) }
      #expect(!fresh.isEmpty && fresh.allSatisfy { $0.contains("fresh") })
      try await desk.with { database in
        let sweeps = LotSweeps(portion: 1, at: start)
        for turn in 0...2 { _ = try sweeps.turn(on: database, at: start + .seconds(30 * turn)) }
      }
      let all = try await scene.house.relay().map { String(decoding: $0.body, as: UTF8.self) }
      #expect(all.contains { $0.contains(#""old""#) })
    }
  }

  @Test("a count looks only at the months since, however long the ledger is kept")
  func countsByTime() async throws {
    try await withScene([("A", "WH-1", 3)]) { scene in
      try await scene.house.script(
        """
        do $$ begin
          for year in 2001..2012 loop
            execute format('create table stock_ledger_%s01 partition of stock_ledger for values from (%L) to (%L)',
              year, year || '-01-01', year || '-02-01');
          end loop;
        end $$;
        """)
      let since = Timestamp.now + .seconds(-10)
      let looks = try await scene.inventory.with { database in
        try database.transaction {
          let seq = try database.query(
            .once("select ledger_seq_at(balance_id, seq, now() - interval '1 day') from balances where sku = 'A'")
          ).int(0, 0)
          #expect(seq == 0)
          return try database.query(
            .once(
              """
              select coalesce(sum(seq_scan + idx_scan), 0)::int8 from pg_stat_xact_user_tables
              where relname like 'stock_ledger_20__01' and relname < 'stock_ledger_2013'
              """)
          ).int(0, 0)
        }
      }
      #expect(looks == 0)
      try await scene.inventory.take(.receipt("r-9", "A", "WH-1", 4))
      let count = Letter.count("c-1", "A", "WH-1", 3, at: since)
      #expect(try await scene.inventory.take(count).outcome == .applied)
      #expect(try await scene.house.value("select on_hand from balances") == "10", "what came since is on top")
    }
  }
}
