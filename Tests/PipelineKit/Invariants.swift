import Contracts
import Postgres
import Synchronization

/// What the domain promises and a test's database does not show.
public struct BrokenInvariants: Error, CustomStringConvertible {
  /// Each with its offending rows.
  public let description: String
}

extension House {
  /// Checks every invariant that the database can show.
  ///
  /// - Throws: ``BrokenInvariants``.
  public func checkInvariants() async throws {
    var broken: [String] = []
    for (promise, query) in House.invariants {
      let rows = try await rows(query)
      if !rows.isEmpty { broken.append("\(promise): \(rows.prefix(5).joined(separator: "; "))") }
    }
    if !broken.isEmpty { throw BrokenInvariants(description: broken.joined(separator: "\n")) }
    try await checkSequences(of: try await outbox())
  }

  /// Each aggregate's events carry 1, 2, 3 … in the order of the outbox, over everything relayed so far.
  func checkSequences(of rows: [Published]) async throws {
    var broken: [String] = []
    try sequences.withLock { last in
      for row in rows where row.exchange == "supply.events" {
        guard relayed.withLock({ $0.insert("\(row.id) \(row.messageID)").inserted }) else { continue }
        let envelope = try row.event().envelope
        guard let aggregate = envelope.aggregate, let sequence = envelope.sequence else {
          broken.append("event \(envelope.id) names no aggregate")
          continue
        }
        // Events that Tallyman says about nothing that has a history.
        if [.backordersDue, .lotsDue, .holdDue].contains(envelope.type) { continue }
        if sequence != last[aggregate, default: 0] + 1 {
          broken.append("\(aggregate): \(sequence) follows \(last[aggregate, default: 0]) (\(envelope.type.rawValue))")
        }
        last[aggregate] = sequence
      }
    }
    if !broken.isEmpty { throw BrokenInvariants(description: broken.prefix(10).joined(separator: "\n")) }
  }

  static let invariants: [(String, String)] = [
    (
      "the sum of the ledger is the balance, per bucket",
      """
      select b.sku, b.location_id, k.bucket, k.quantity, coalesce(sum(l.delta), 0)
      from balances b
      cross join lateral (values ('on_hand', b.on_hand), ('reserved', b.reserved), ('damaged', b.damaged),
                                 ('quality_control', b.quality_control)) as k (bucket, quantity)
      left join stock_ledger l on l.balance_id = b.balance_id and l.bucket = k.bucket
      group by b.balance_id, 1, 2, 3, 4 having k.quantity <> coalesce(sum(l.delta), 0)
      """
    ),
    (
      "the last ledger entry of a bucket carries the balance",
      """
      select b.sku, b.location_id, l.bucket, l.balance_after from balances b
      cross join lateral (select distinct on (bucket) bucket, balance_after from stock_ledger l
                          where l.balance_id = b.balance_id order by bucket, seq desc) as l
      where l.balance_after <> case l.bucket when 'on_hand' then b.on_hand when 'reserved' then b.reserved
                                             when 'damaged' then b.damaged else b.quality_control end
      """
    ),
    (
      "a ledger's entries have no gap, and their time never runs backwards",
      """
      select balance_id, seq from (
        select balance_id, seq, row_number() over w as place, recorded_at, lag(recorded_at) over w as before
        from stock_ledger window w as (partition by balance_id order by seq)) as entries
      where seq <> place or before > recorded_at
      """
    ),
    (
      "a balance knows its last entry",
      """
      select b.sku, b.location_id, b.seq, l.seq from balances b
      left join (select balance_id, max(seq) as seq from stock_ledger group by 1) as l using (balance_id)
      where b.seq <> coalesce(l.seq, 0)
      """
    ),
    (
      "nothing is negative and nothing is promised that is not there",
      """
      select sku, location_id from balances
      where least(on_hand, reserved, damaged, quality_control, on_hand - damaged - quality_control - reserved) < 0
      """
    ),
    (
      "the sum of open reservations is what a balance has reserved",
      """
      select b.sku, b.location_id, b.reserved, sum(coalesce(r.open_quantity, 0)) from balances b
      left join reservations r using (sku, location_id, lot)
      group by b.balance_id, 1, 2, 3 having b.reserved <> sum(coalesce(r.open_quantity, 0))
      """
    ),
    (
      "a line is what is reserved, backordered, shipped and cancelled of it",
      "select order_id, line_no from order_lines where ordered <> reserved + backordered + shipped + cancelled"
    ),
    (
      "a line's reservations are its reserved and shipped units",
      """
      select l.order_id, l.line_no, l.reserved, l.shipped, f.back from order_lines l
      left join reservations r using (order_id, line_no)
      left join lateral (
        select sum(p.quantity) as back from shipments s join shipment_lines p using (shipment_id)
        where s.state = 'failed' and s.order_id = l.order_id and p.line_no = l.line_no) as f on true
      group by 1, 2, 3, 4, 5
      having l.reserved <> coalesce(sum(r.open_quantity), 0)
        or l.shipped + coalesce(f.back, 0) <> coalesce(sum(r.consumed), 0)
      """
    ),
    (
      "a line's backorder is what waits of it",
      """
      select l.order_id, l.line_no, l.backordered, b.open_quantity from order_lines l left join backorders b
        using (order_id, line_no)
      where l.backordered <> coalesce(b.open_quantity, 0)
      """
    ),
    (
      "what is owed is the sum of fillable open backorders",
      """
      select i.sku, i.owed, sum(coalesce(b.open_quantity, 0)) from stock_items i
      left join backorders b on b.sku = i.sku and b.fillable
      group by 1, 2 having i.owed <> sum(coalesce(b.open_quantity, 0))
      """
    ),
    (
      "an order's state follows from its lines",
      """
      select order_id, state, t.* from orders join (
        select order_id, sum(reserved) as reserved, sum(backordered) as waiting, sum(shipped) as shipped,
               sum(cancelled) as cancelled
        from order_lines group by 1) as t using (order_id)
      where state <> case
        when t.shipped > 0 and t.reserved + t.waiting > 0 then 'partially_shipped'
        when t.shipped > coalesce(delivered, 0) then 'shipped' when t.shipped > 0 then 'fulfilled'
        when t.reserved + t.waiting = 0 then case when state in ('rejected', 'expired') then state else 'cancelled' end
        when t.reserved = 0 then 'backordered' when t.waiting + t.cancelled = 0 then 'reserved'
        else 'partially_reserved' end
      """
    ),
    (
      "goods that came in are on hand or have left",
      """
      select sku, sum(came), sum(there), sum(gone) from (
        select sku, quantity as came, 0 as there, 0 as gone from receipts
        union all select sku, quantity, 0, 0 from return_lines where disposition <> 'scrap'
        union all select sku, on_hand_change, 0, 0 from counts
        union all select sku, case kind when 'found' then quantity else -quantity end, 0, 0 from adjustments
          where kind in ('found', 'write_off', 'scrap')
        union all select sku, -quantity, 0, 0 from quality_releases where verdict = 'scrap'
        union all select sku, -lost, 0, 0 from transfer_lines
        union all select sku, 0, on_hand, 0 from balances
        union all select sku, 0, 0, shipped from order_lines) as all_goods
      group by 1 having sum(came) <> sum(there) + sum(gone)
      """
    ),
    (
      "what was shipped stands in shipments",
      """
      select l.order_id, l.line_no, l.shipped, sum(s.quantity) from order_lines l
      left join (select * from shipments join shipment_lines using (shipment_id) where state <> 'failed') as s
        using (order_id, line_no)
      group by 1, 2, 3 having l.shipped <> coalesce(sum(s.quantity), 0)
      """
    ),
    (
      "what failed to be delivered came back through quality control, and what was delivered counts as such",
      """
      select s.shipment_id, s.state, sum(p.quantity), (
        select sum(delta) from stock_ledger where reference = s.shipment_id and reason in ('RETURN', 'QC_HOLD')) as back
      from shipments s join shipment_lines p using (shipment_id) group by 1, 2
      having coalesce((select sum(delta) from stock_ledger
                       where reference = s.shipment_id and reason in ('RETURN', 'QC_HOLD')), 0)
        <> case when s.state = 'failed' then 2 * sum(p.quantity) else 0 end
      union all
      select o.order_id, 'delivered', o.delivered, sum(p.quantity)
      from orders o left join (shipments s join shipment_lines p using (shipment_id))
        on s.order_id = o.order_id and s.state = 'delivered'
      group by 1, 2, 3 having coalesce(o.delivered, 0) <> coalesce(sum(p.quantity), 0)
      """
    ),
    (
      "every dead letter's record is in the inbox, unless the inbox could not take it",
      """
      select d.dead_letter_id, d.kind, d.field from dead_letters d
      where d.kind = 'exhausted' and not exists (
        select from inbox i where i.message_id = d.message_id and i.source = d.source and i.consumer = d.consumer
          and i.attempt = d.attempt and i.outcome = 'dead_lettered')
      """
    ),
  ]
}
