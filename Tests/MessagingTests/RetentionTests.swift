import Contracts
import Messaging
import PipelineKit
import Postgres
import TestServers
import Testing

@Suite("The inbox's retention")
struct RetentionTests {
  private static let drop = "select drop_inbox_partitions(31)"
  private static let days = """
    select count(*) from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'inbox'::regclass
      and case when c.relname ~ '^inbox_[0-9]{8}$'
          then to_date(right(c.relname, 8), 'YYYYMMDD') < (clock_timestamp() at time zone 'UTC')::date - 31 end
    """

  /// As after ten days without a worker: days that lie between others are missing, and the newest day and month.
  private static let dropFour = """
    create table spoiled ();
    do $$ declare gone record; begin
      for gone in select c.oid::regclass as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where case i.inhparent when 'inbox'::regclass
          then to_date(right(c.relname, 8), 'YYYYMMDD') - (now() at time zone 'UTC')::date in (-5, -4, 7)
          when 'stock_ledger'::regclass then to_date(right(c.relname, 6), 'YYYYMM') > now() end
      loop execute format('drop table %s', gone.name); end loop;
    end $$
    """

  @Test("days beyond it are dropped one by one, those within it never")
  func dropsDays() async throws {
    try await withStock { house, _, _ in
      try await house.script(OldInboxDays.sql(upTo: 40))
      #expect(try await house.value(RetentionTests.days) == "9")
      let desk = try await house.desk(user: "tallyman_inventory")
      for _ in 1...9 { #expect(try await desk.rows(RetentionTests.drop) == ["1"]) }
      #expect(try await desk.rows(RetentionTests.drop) == ["0"])
      #expect(try await house.value(RetentionTests.days) == "0")
      let kept = "select count(*) from pg_inherits where inhparent = 'inbox'::regclass"
      #expect(try await house.value(kept) == "39", "31 days back, today and 7 days ahead")
    }
  }

  @Test("less than what is admitted is refused")
  func least() async throws {
    try await withStock { house, _, _ in
      let desk = try await house.desk(user: "tallyman_inventory")
      await #expect(throws: PostgresError.self) { try await desk.rows("select drop_inbox_partitions(30)") }
    }
  }

  @Test("a transaction that uses the inbox is not waited for longer than a moment")
  func patience() async throws {
    try await withStock { house, _, _ in
      try await house.script(OldInboxDays.sql(upTo: 33))
      let other = try await house.desk()
      try await other.script("begin; select count(*) from inbox")
      let desk = try await house.desk(user: "tallyman_inventory")
      // It comes back while the other transaction is open.
      #expect(try await desk.rows(RetentionTests.drop) == ["-1"], "come again")
      try await other.script("commit")
      #expect(try await desk.rows(RetentionTests.drop) == ["1"])
    }
  }

  @Test("days and months are made beside whoever uses the tables, and days that were missed are made later")
  func makesDays() async throws {
    try await withStock { house, inventory, _ in
      try await house.script(RetentionTests.dropFour)
      let other = try await house.desk()
      try await other.script(
        "begin; select count(*) from inbox; delete from inbox where message_id = ''; select from stock_ledger")
      let desk = try await house.desk(user: "tallyman_inventory")
      try await desk.script("set lock_timeout = '100ms'")
      #expect(try await desk.rows("select ensure_partitions()") == ["4"])
      let late = Letter.policy("A", safety: 1, time: .now + .seconds(-5 * 86_400))
      #expect(try await inventory.take(late).outcome == .applied)
      try await other.script("commit")
      // Those made this way are like those that the schema began with.
      let alike = """
        select count(distinct (select array_agg(x order by x) from (
          select regexp_replace(pg_get_indexdef(indexrelid), '_?[0-9]{6,8}[a-z_0-9]*', '', 'g') as x from pg_index
            where indrelid = h.inhrelid
          union all select conname || pg_get_constraintdef(oid) from pg_constraint
            where conrelid = h.inhrelid and contype = 'c'
          union all select tgname from pg_trigger where tgrelid = h.inhrelid
        ) k)) from pg_inherits h where h.inhparent =
        """
      #expect(try await house.value(alike + "'inbox'::regclass") == "1")
      #expect(try await house.value(alike + "'stock_ledger'::regclass") == "1")
    }
  }

  @Test("days and months begin at midnight UTC, whatever the style of dates and the time zone of whoever makes them")
  func sameForEverybody() async throws {
    try await withStock { house, _, _ in
      try await house.script(RetentionTests.dropFour)
      let desk = try await house.desk(user: "tallyman_inventory")
      try await desk.script("set datestyle = 'SQL, DMY'; set timezone = 'Asia/Kolkata'")
      #expect(try await desk.rows("select ensure_partitions()") == ["4"])
      let odd = """
        select c.relname || ' ' || pg_get_expr(c.relpartbound, c.oid)
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where pg_get_expr(c.relpartbound, c.oid) <> case i.inhparent
            when 'inbox'::regclass then (
              select format('FOR VALUES FROM (%L) TO (%L)', d, d + 1)
              from to_date(right(c.relname, 8), 'YYYYMMDD') as d)
            when 'stock_ledger'::regclass then (
              select format('FOR VALUES FROM (''%s 00:00:00+00'') TO (''%s 00:00:00+00'')', d,
                (d + interval '1 month')::date)
              from to_date(right(c.relname, 6), 'YYYYMM') as d) end
        """
      #expect(try await house.rows(odd) == [])
    }
  }

  @Test("nobody makes more days than messages may be old", arguments: ["-1", "32", "8000", "null"])
  func noMoreDays(daysBack: String) async throws {
    try await withStock { house, _, _ in
      let desk = try await house.desk(user: "tallyman_relay")
      let error = await #expect(throws: PostgresError.self) {
        try await desk.rows("select ensure_partitions(\(daysBack))")
      }
      #expect(error?.sqlState.code == "22023")
      let said = "days_back must be from 0 to 31, not \(daysBack == "null" ? "<NULL>" : daysBack)"
      #expect(error?.message.contains(said) == true)
    }
  }

  @Test("a duplicate that the inbox has forgotten is harmless: its business id is known")
  func forgottenDuplicate() async throws {
    try await withStock { house, inventory, allocation in
      let letters = [Letter.order("o-1", [("A", 3)]), Letter.order("o-2", [("A", 1)]), .cancel("o-2")]
      let shipment = Letter.shipment("s-1", "o-1", [(1, "WH-1", 3)])
      let receipt = Letter.receipt("r-1", "A", "WH-1", 5)
      let move = Letter.move("m-1", "A", "WH-1", "WH-2", 1)
      try await inventory.take([.location("WH-2"), receipt, move])
      try await allocation.take(letters + [shipment])
      let state = "select sku, location_id, on_hand, reserved from balances order by 1, 2"
      let before = try await house.rows(state)
      let sent = try await house.outbox().count
      // As after 31 days: whatever the inbox knew is gone.
      try await house.script("create table spoiled (); delete from inbox")
      #expect(try await inventory.take([receipt, move]).outcomes == [.unchanged, .unchanged])
      #expect(
        try await allocation.take(letters + [shipment]).outcomes == [.unchanged, .unchanged, .unchanged, .unchanged])
      #expect(try await house.rows(state) == before)
      #expect(try await house.outbox().count == sent)
    }
  }
}
