import Outbox
import Postgres

/// Looks at the rows that a message can concern, before and after its rehearsal. Reads by index, and only what the role
/// may read.
struct RehearsalLook {
  /// Rows by name (`balances A@W1`), each with its columns.
  typealias Snapshot = [String: [String: String]]

  private let database: Connection
  private let orders: [String]
  private let skus: [String]
  private let transfers: [String]
  private let event: (source: String, id: String)
  private let views: [View]

  /// A table, how its rows are named and found. `$1` are orders, `$2` SKUs, `$5` transfers, `$3` and `$4` the event's
  /// source and id.
  private struct View {
    let table: String
    let name: String
    let condition: String
    /// Columns that another view shows better.
    var hidden = ""
  }

  private static let views = [
    View(table: "orders", name: "order_id", condition: "order_id = any ($1)"),
    View(
      table: "order_lines", name: "order_id || '/' || line_no", condition: "order_id = any ($1)",
      hidden: "reserved_location,policy,candidates,reserved_since"),
    View(
      table: "reservations", name: "order_id || '/' || line_no || '/' || reservation_no",
      condition: "order_id = any ($1)"),
    View(table: "backorders", name: "order_id || '/' || line_no", condition: "order_id = any ($1)"),
    View(table: "products", name: "sku", condition: "sku = any ($2)"),
    View(table: "stock_items", name: "sku", condition: "sku = any ($2)"),
    View(
      table: "balances", name: "sku || '@' || location_id || case lot when '' then '' else '/' || lot end",
      condition: "sku = any ($2)"),
    View(table: "transfers", name: "transfer_id", condition: "transfer_id = any ($5)"),
    View(table: "transfer_lines", name: "transfer_id || '/' || line_no", condition: "transfer_id = any ($5)"),
    View(
      table: "notification_deliveries", name: "channel || ' to ' || recipient",
      condition: "event_source = $3 and event_id = $4"),
  ]

  /// Finds out which orders, transfers and SKUs the message names, and which SKUs those orders and transfers have.
  init(_ row: OutboxRow, on database: Connection) throws {
    self.database = database
    let names = try database.query(
      .once(
        """
        select p.name, v #>> '{}'
        from (values ('sku', '$.**.sku'), ('order', '$.**.order_id'), ('transfer', '$.data.transfer_id'))
               as p (name, path),
             jsonb_path_query(convert_from($1, 'UTF8')::jsonb, p.path::jsonpath) as v
        where jsonb_typeof(v) = 'string'
        union all select 'source', convert_from($1, 'UTF8')::jsonb ->> 'source'
        """), [.bytea(row.body)])
    var found: [String: Set<String>] = [:]
    for index in 0..<names.count { found[names.text(index, 0), default: []].insert(names.text(index, 1)) }
    let orders = found["order", default: []].sorted()
    event = (found["source", default: []].first ?? "", row.messageID)
    let readable = try database.query(
      .once(
        """
        select t from unnest($1::text[]) as t where to_regclass(t) is not null and has_table_privilege(t, 'select')
        """), [.texts(RehearsalLook.views.map(\.table) + ["stock_ledger"])])
    let tables = Set((0..<readable.count).map { readable.text($0, 0) })
    views = RehearsalLook.views.filter { tables.contains($0.table) }
    var skus = found["sku", default: []]
    if tables.contains("order_lines") {
      let rows = try database.query(
        .once("select distinct sku from order_lines where order_id = any ($1)"), [.texts(orders)])
      for index in 0..<rows.count { skus.insert(rows.text(index, 0)) }
    }
    transfers = found["transfer", default: []].sorted()
    if tables.contains("transfer_lines") {
      let rows = try database.query(
        .once("select distinct sku from transfer_lines where transfer_id = any ($1)"), [.texts(transfers)])
      for index in 0..<rows.count { skus.insert(rows.text(index, 0)) }
    }
    self.orders = orders
    self.skus = skus.sorted()
  }

  func rows() throws -> Snapshot {
    var snapshot: Snapshot = [:]
    for view in views {
      let found = try database.query(
        .once(
          """
          with given as (select $1::text[] as o, $2::text[] as s, $3::text as e, $4::text as i, $5::text[] as t)
          select '\(view.table) ' || (\(view.name)), c.key, c.value
          from \(view.table) as t, jsonb_each_text(to_jsonb(t)) as c
          where (\(view.condition)) 
            and c.key not in ('body', 'updated_at', 'recorded_at', 'next_attempt_at', 'created_at')
            and c.key <> all ('{\(view.hidden)}')
            and (select true from given)
          """), [.texts(orders), .texts(skus), .text(event.source), .text(event.id), .texts(transfers)])
      for row in 0..<found.count {
        snapshot[found.text(row, 0), default: [:]][found.text(row, 1)] = found.optionalText(row, 2)
      }
    }
    return snapshot
  }

  /// The entries that this transaction wrote because of the message.
  func ledger(messageID: String) throws -> [String] {
    guard views.contains(where: { $0.table == "balances" }) else { return [] }
    let rows = try database.query(
      .once(
        """
        select format('%s@%s %s %s%s = %s (%s %s)', b.sku, b.location_id, l.bucket,
                      case when l.delta > 0 then '+' else '' end, l.delta, l.balance_after, l.reason, l.reference)
        from balances b join stock_ledger l on l.balance_id = b.balance_id and l.seq > b.seq - 1000
        where b.sku = any ($1) and l.message_id = $2 and l.xmin::text = (pg_current_xact_id()::xid)::text
        order by b.sku, b.location_id, l.seq
        """), [.texts(skus), .text(messageID)])
    return (0..<rows.count).map { rows.text($0, 0) }
  }

  static func changes(from before: Snapshot, to after: Snapshot) -> [Rehearsal.Change] {
    Set(before.keys).union(after.keys).sorted().flatMap { row -> [Rehearsal.Change] in
      let (old, new) = (before[row] ?? [:], after[row] ?? [:])
      return Set(old.keys).union(new.keys).sorted().compactMap { column in
        old[column] == new[column]
          ? nil : Rehearsal.Change(row: row, column: column, before: old[column], after: new[column])
      }
    }
  }
}
