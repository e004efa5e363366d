import Lanes
import PipelineKit
import Postgres
import Schema
import TestServers
import Testing

@Suite("Database roles")
struct RoleTests {
  static let roles = [
    "tallyman_inventory", "tallyman_allocation", "tallyman_notification", "tallyman_relay", "tallyman_operator",
  ]

  /// Every way to change what the ledger says, on the table and on a partition.
  static func changes(of partition: String) -> [String] {
    ["stock_ledger", partition].flatMap { table in
      ["update \(table) set delta = delta + 1", "delete from \(table)", "truncate \(table)"]
    }
  }

  static let newestPartition = """
    select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'stock_ledger'::regclass
      and exists (select from stock_ledger l where l.tableoid = c.oid) order by 1 desc limit 1
    """

  @Test("no role may update, delete or truncate the ledger, nor a partition of it", arguments: roles)
  func ledgerIsAppendOnly(role: String) async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let partition = try await house.value(RoleTests.newestPartition)
      let desk = try await house.desk(user: role)
      for sql in RoleTests.changes(of: partition) {
        #expect(try await desk.refusal(of: sql)?.sqlState.code == "42501", "\(role): \(sql)")
      }
    }
  }

  @Test("even the tables' owner, and a superuser, are refused by the ledger itself")
  func ledgerRefusesItsOwner() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let partition = try await house.value(RoleTests.newestPartition)
      #expect(partition.hasPrefix("stock_ledger_"))
      // A plain role that owns the tables, as after `tallyman migrate` by tallyman_owner.
      try await house.script(
        """
        do $$ begin
          if not exists (select from pg_roles where rolname = 'test_owner') then create role test_owner login; end if;
        exception when duplicate_object or unique_violation then null;
        end $$;
        grant usage on schema tallyman to test_owner;
        alter table stock_ledger owner to test_owner; alter table \(partition) owner to test_owner
        """)
      for user in ["test_owner", "postgres"] {
        let desk = try await house.desk(user: user)
        for sql in RoleTests.changes(of: partition) {
          let refusal = try await desk.refusal(of: sql)
          #expect(refusal?.message.contains("append-only") == true, "\(user): \(sql): \(refusal?.message ?? "done")")
        }
      }
      try await house.script("alter table stock_ledger owner to postgres; alter table \(partition) owner to postgres")
    }
  }

  @Test("each role can do its own work and nobody else's")
  func ownWorkOnly() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      for (role, checks) in RoleTests.spotChecks {
        let desk = try await house.desk(user: role)
        for (sql, isAllowed) in checks {
          let refusal = try await desk.refusal(of: sql)
          if isAllowed {
            #expect(refusal == nil, "\(role) must be able to: \(sql)")
          } else {
            #expect(refusal?.sqlState.code == "42501", "\(role) must not: \(sql)")
          }
        }
      }
    }
  }

  @Test("who may write any event is not asked what it writes: the function would cost each of them")
  func outboxWritersAreNotAsked() async throws {
    try await withHouse { house in
      let function = try await house.value("select pg_get_functiondef('tallyman.hold_outbox_row'::regproc)")
      try await house.script(
        """
        create or replace function tallyman.hold_outbox_row() returns trigger language plpgsql as $$
        begin raise exception 'asked' using errcode = 'insufficient_privilege'; end $$
        """)
      let member = "member_of_\(house.name)"
      try await house.script("create role \(member) in role tallyman_allocation")
      let (worker, desk) = (try await house.desk(user: "tallyman_allocation"), try await house.desk())
      let asked = try await house.desk(user: "tallyman_notification")
      #expect(try await worker.refusal(of: Self.outboxInsert) == nil)
      #expect(try await desk.refusal(of: Self.outboxInsert) == nil, "a superuser")
      try await desk.script("set role \(member)")
      #expect(try await desk.refusal(of: Self.outboxInsert) == nil, "a member of the worker's role")
      #expect(try await asked.refusal(of: Self.outbox("supply.events", "notification.sent"))?.sqlState.code == "42501")
      try await desk.script("reset role; drop role \(member); \(function)")
    }
  }

  private static let outboxInsert = outbox("", "x")

  private static func outbox(_ exchange: String, _ key: String, _ messages: Int = 1, _ body: String = "") -> String {
    """
    insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, messages, body)
    values (0, 0, '\(exchange)', '\(key)', 'x', 'x', \(messages), e'\(body)')
    """
  }

  /// A packet of two messages.
  private static func packet(_ first: String, _ second: String) -> String {
    outbox("", "tallyman.packet", 2, #"1 1 \#(first) m-1\n1 1 \#(second) m-2\n\nxy"#)
  }

  /// A line in the trail of the newest dead letter, with further columns.
  private static func action(_ columns: String = "", _ values: String = "") -> String {
    """
    insert into dead_letter_actions (dead_letter_id, action, done_by, why\(columns))
    select max(dead_letter_id), 'discarded', 'me', 'old'\(values) from dead_letters
    """
  }

  private static let spotChecks: [(String, [(String, Bool)])] = [
    (
      "tallyman_inventory",
      [
        ("update balances set on_hand = on_hand", true),
        ("insert into locations values ('W9', 'x', 0, true, now())", true),
        ("select ensure_partitions()", true), ("delete from balances", false),
        ("insert into orders select * from orders", false),
        ("update reservation_rows set open_quantity = open_quantity", true), ("select * from bumps", false),
        ("update quality_holds set released = released, given_up = given_up", true),
        ("update quality_holds set quantity = quantity", false),
        ("update counts set counted = counted", false),
        ("update receipts set quantity = 1", false), ("select * from outbox", false), (outboxInsert, true),
        ("update dead_letters set state = 'discarded'", false), ("select * from notification_deliveries", false),
        ("create table tallyman.x ()", false),
      ]
    ),
    (
      "tallyman_allocation",
      [
        ("update orders set state = state", true), ("update balances set reserved = reserved", true),
        ("insert into products values ('X', 'x', null, null, null, now())", false),
        ("insert into balances (sku, location_id) values ('A', 'W9')", true),
        ("insert into balances (sku, location_id, on_hand) values ('A', 'W9', 1)", false),
        ("update returns set reason = 'x'", false), ("update shipment_statuses set reason = 'x'", false),
        ("insert into receipts values ('x', 'A', 'W1', 1, null, now())", false), ("delete from orders", false),
        ("update shipments set carrier = 'x'", false), ("delete from inbox", false),
      ]
    ),
    (
      "tallyman_notification",
      [
        ("update notification_deliveries set attempts = attempts", true), ("select count(*) from inbox", true),
        ("select * from balances", false), ("select * from orders", false),
        (outbox("supply.events", "notification.sent"), true), (outbox("", "notification.retry.1"), true),
        (packet("notification.sent", "notification.failed"), true), (outbox("supply.events", "goods.received"), false),
        (outbox("", "inventory"), false), (packet("notification.sent", "goods.received"), false),
        (outbox("supply.events", "notification.sent", 2, #"1 1 goods.received m-1\n\nx"#), false),
        ("delete from notification_deliveries", false), ("insert into stock_ledger select * from stock_ledger", false),
      ]
    ),
    (
      "tallyman_relay",
      [
        ("delete from outbox where false", true), ("select count(*) from outbox", true),
        (outboxInsert, false), ("update outbox set messages = messages, body = body", true),
        ("update outbox set shard = shard", false), ("update outbox set created_at = now()", false),
        ("select count(*) from outbox_messages", true),
        ("select * from inbox", false), ("select * from dead_letters", false), ("select * from balances", false),
      ]
    ),
    (
      "tallyman_operator",
      [
        ("select count(*) from stock_ledger", true), ("select count(*) from inbox", true),
        (
          "update dead_letters set state = 'discarded', resolved_at = now(), resolved_by = 'me', resolved_why = 'old'",
          true
        ),
        ("update dead_letters set body = ''", false), ("delete from dead_letters", false),
        ("update balances set on_hand = 0", false), ("update orders set state = 'cancelled'", false),
        (outbox("", "allocation"), true), (outbox("supply.events", "goods.received"), false), (outboxInsert, false),
        (packet("goods.received", "goods.received"), false), (outbox("", "inventory", 2), false),
        (action(), true), (action(", done_at", ", now()"), false), (action(", role", ", 'postgres'"), false),
        ("delete from outbox", false), ("insert into inbox select * from inbox", false),
      ]
    ),
  ]
}

extension Desk {
  /// The error that a statement is refused with, or nil when it works; nothing of it remains.
  func refusal(of sql: String) async throws -> PostgresError? {
    try await with { connection in
      try connection.begin()
      defer { try? connection.rollback() }
      do throws(PostgresError) {
        _ = try connection.query(.once(sql))
        return nil
      } catch {
        return error
      }
    }
  }
}
