/// The SQL of the views. Reads only; each finds its rows by an index, or says why not, and is bounded.
enum ViewStatements {
  // MARK: Stock

  static let knowsSKU = "select exists (select from stock_items where sku = $1)"

  static let stockItem = """
    select i.sku, p.name, p.category, i.registered, i.owed, i.safety_stock, i.reorder_point, i.recover_point,
      i.alert_state, i.alert_episode, i.discontinued,
      array_to_string(array(select barcode from product_barcodes c where c.sku = i.sku order by gtin limit 10), ', '),
      array_to_string(array(
        select format('%s = %s', unit, factor) from product_units u where u.sku = i.sku order by factor limit 10
      ), ', '),
      (select count(*) from backorders w where w.sku = i.sku and w.open_quantity > 0 and w.fillable)
    from stock_items i left join products p on p.sku = i.sku
    where i.sku = $1
    """

  /// Whichever of its forms the barcode was registered in.
  static let skuOfBarcode = "select sku from product_barcodes where gtin = lpad($1, 14, '0')"

  /// What can be promised of a location is told by its balance without a lot, over all its lots that have not expired.
  static let balances = """
    select location_id, lot, sellable, on_hand, reserved, damaged, quality_control, b.safety_stock, reorder_point,
      recover_point, alert_state, alert_episode, l.expires_at,
      case when b.sellable and b.lot = '' then greatest(0, sum(
        case when l.expires_at <= now() then 0 else on_hand - damaged - quality_control - reserved end
      ) over (partition by b.location_id) - b.safety_stock)::int8 else 0 end,
      coalesce(l.expires_at <= now(), false)
    from balances b left join lots l using (sku, lot)
    where b.sku = $1 and b.in_use order by location_id, lot limit $2
    """

  static let balanceSums = """
    select count(*), coalesce(sum(on_hand), 0)::int8, coalesce(sum(reserved), 0)::int8,
      coalesce(sum(damaged), 0)::int8, coalesce(sum(quality_control), 0)::int8, stock_free($1),
      coalesce(sum(on_hand) filter (where location_id = 'in-transit'), 0)::int8
    from balances where sku = $1 and in_use
    """

  static let transfers = """
    select l.transfer_id, l.lot, t.from_location_id, t.to_location_id, l.quantity - l.received - l.lost, t.recorded_at
    from transfer_lines l join transfers t using (transfer_id)
    where l.sku = $1 and l.received + l.lost < l.quantity
    order by t.recorded_at, l.transfer_id, l.line_no limit 10
    """

  /// The newest of each balance by the ledger's one index, then the newest of those. Times leave out partitions. The
  /// documents are looked up of what is shown only.
  static let ledger = """
    with newest as (
      select b.sku, b.location_id, b.lot, l.*
      from balances b
      cross join lateral (
        select seq, bucket, delta, balance_after, reason, reference, reverses, consumer, source, message_id,
          occurred_at, recorded_at
        from stock_ledger
        where balance_id = b.balance_id and recorded_at >= coalesce($3, '-infinity'::timestamptz)
          and recorded_at < coalesce($4, 'infinity'::timestamptz)
        order by seq desc limit $5
      ) as l
      where b.sku = $1 and ($2::text is null or b.location_id = $2)
      order by l.recorded_at desc, b.location_id, b.lot, l.seq desc limit $5
    )
    select n.location_id, n.lot, n.seq, n.bucket, n.delta, n.balance_after, n.reason, n.reference, n.reverses,
      n.consumer, n.source, n.message_id, n.occurred_at, n.recorded_at, p.paper, p.person, p.reason_code, p.note,
      case when n.bucket = 'on_hand' then (
        select c.count_id from counts c
        where c.sku = n.sku and c.location_id = n.location_id and c.lot = n.lot and c.counted is not null
          and c.counted_at >= n.occurred_at and c.seqs < n.seq and not c.superseded
        order by c.counted_at limit 1
      ) end
    from newest n
    left join lateral (
      select * from ledger_papers p where p.message_id = n.message_id and p.source = n.source limit 1
    ) as p on n.consumer = 'inventory'
    order by n.recorded_at desc, n.location_id, n.lot, n.seq desc
    """

  static let low = """
    with levels as (
      select sku, null as location_id, alert_state, greatest(0, stock_free(sku) - owed) as available, owed,
        reorder_point, recover_point, alert_episode, alert_since
      from stock_items where alert_state <> 'normal' and not discontinued
      union all
      select b.sku, b.location_id, b.alert_state, (
          select sum(case when l.expires_at <= now() then 0
                          else x.on_hand - x.damaged - x.quality_control - x.reserved end)
          from balances x left join lots l using (sku, lot) where x.sku = b.sku and x.location_id = b.location_id
        )::int8, null, b.reorder_point, b.recover_point, b.alert_episode, b.alert_since
      from balances b join stock_items i using (sku) where b.alert_state <> 'normal' and not i.discontinued
    )
    select l.sku, p.name, l.location_id, l.alert_state, l.available, l.owed, l.reorder_point, l.recover_point,
      l.alert_episode, l.alert_since
    from levels l left join products p using (sku)
    order by l.alert_state = 'low', l.sku, l.location_id nulls first limit $1
    """

  // MARK: Who waits, and who has been promised something

  static let backorders = """
    select sku, row_number() over ranked, order_id, line_no, quantity, open_quantity,
      (sum(open_quantity) over ranked - open_quantity)::int8, priority, need_by, created_at
    from backorders
    where open_quantity > 0 and fillable and ($1::text is null or sku = $1)
    window ranked as (
      partition by sku order by priority desc, need_by, created_at, order_id, line_no rows unbounded preceding)
    order by sku, priority desc, need_by, created_at, order_id, line_no limit $2
    """

  /// What waits for something else than stock: no index has these.
  static let blockedBackorders = """
    select sku, null::int8, order_id, line_no, quantity, open_quantity, null::int8, priority, need_by, created_at
    from backorders
    where open_quantity > 0 and not fillable and ($1::text is null or sku = $1)
    order by sku, priority desc, need_by, created_at, order_id, line_no limit $2
    """

  static let owingItems = """
    select sku, owed, stock_free(sku) from stock_items where sku = any($1::text[]) order by sku
    """

  private static let reservationColumns = """
    sku, location_id, lot, order_id, line_no, reservation_no, quantity, open_quantity, consumed, released, state,
    policy, created_at
    """

  private static let reservationOrder = "sku, location_id, lot, created_at, order_id, line_no, reservation_no"

  /// With how many there are, and how much they still promise, in columns after the others.
  private static let reservationTotals = "count(*) over (), (sum(open_quantity) over ())::int8"

  /// What ended is kept for ever and no index tells it from what is open. So each balance that has promised something
  /// says to which orders, by its newest entries in the ledger, and their reservations are looked up one by one: a join
  /// would read all of them.
  static let openReservations = """
    select \(reservationColumns), \(reservationTotals) from (
      select r.*
      from balances b
      cross join lateral orders_promised(b.sku, b.location_id, b.lot) as o (order_id)
      cross join lateral (
        select * from reservations p
        where p.order_id = o.order_id and p.sku = b.sku and p.location_id = b.location_id and p.lot = b.lot
          and p.open_quantity > 0
        offset 0
      ) as r
      where b.reserved > 0 and ($1::text is null or b.sku = $1)
    ) as open
    order by \(reservationOrder) limit $2
    """

  static let reservationsOfOrder = """
    select \(reservationColumns), \(reservationTotals) from reservations
    where order_id = $3 and ($1::text is null or sku = $1)
    order by \(reservationOrder) limit $2
    """

  // MARK: One order

  static let order = """
    select order_id, customer_id, state, policy, backorder, priority, need_by, closed_reason, sequence, ordered_at,
      updated_at, location_policy, hold_until, delivered
    from orders where order_id = $1
    """

  static let orderLines = """
    select line_no, sku, ordered, reserved, backordered, shipped, cancelled
    from order_lines where order_id = $1 order by line_no
    """

  static let orderReservations = """
    select \(reservationColumns) from reservations where order_id = $1 order by line_no, reservation_no
    """

  static let orderBackorders = """
    select line_no, sku, quantity, open_quantity, filled, cancelled, state, fillable, created_at
    from backorders where order_id = $1 order by line_no
    """

  static let orderShipments = """
    select s.shipment_id, s.state, s.carrier, s.tracking_number, s.dispatched_at, l.line_no, l.location_id, l.quantity,
      s.status_at, s.overdue_at
    from shipments s join shipment_lines l using (shipment_id)
    where s.order_id = $1 order by s.recorded_at, s.shipment_id, l.line_no, l.location_id
    """

  /// The bodies of all open dead letters are read; there are few.
  static let deadLettersOfOrder = """
    select dead_letter_id from dead_letters where state = 'open' and position($1::bytea in body) > 0
    order by dead_letter_id desc limit 10
    """

  static let candidates = "select line_no, reservation_no, candidates from reservations where order_id = $1"

  static let bumps = """
    select line_no, reservation_no, location_id, quantity, backordered, cancelled, reason, reference, consumer, source,
      message_id, recorded_at
    from bumps where order_id = $1 order by bump_id
    """

  static let decisions = """
    select line_no, decision, quantity, rule, policy, location_policy, candidates, promisable, owed, consumer, source,
      message_id, decided_at
    from decisions where order_id = $1 order by line_no, decision_id
    """

  static let ahead = """
    select b.line_no, b.open_quantity, b.fillable, a.lines, a.units, i.owed, stock_free(b.sku), b.sku
    from backorders b
    join stock_items i on i.sku = b.sku
    cross join lateral (
      select count(*) as lines, coalesce(sum(w.open_quantity), 0)::int8 as units
      from backorders w
      where w.sku = b.sku and w.open_quantity > 0 and w.fillable and w.priority >= b.priority
        and (w.priority > b.priority
             or (coalesce(w.need_by, 'infinity'), w.created_at, w.order_id, w.line_no)
                < (coalesce(b.need_by, 'infinity'), b.created_at, b.order_id, b.line_no))
    ) as a
    where b.order_id = $1 and b.open_quantity > 0
    """

  /// Two numbers of each balance that the order has touched, found by halving: its first entry from $2 on, and the
  /// first one from $3 on. What lies between is read, $5 entries at most. The last column says whether that was not
  /// all, also of a balance without any entry of the order.
  static let historyOfOrder = """
    with recursive touched as (
      select distinct b.balance_id, b.sku, b.location_id, b.lot, b.seq::int8 as last
      from reservations r
      join balances b on b.sku = r.sku and b.location_id = r.location_id and b.lot = r.lot
      where r.order_id = $1
    ),
    search (balance_id, moment, low, high) as (
      select t.balance_id, m.moment, 1::int8, t.last + 1 from touched t cross join (values ($2), ($3)) as m (moment)
      union all
      select s.balance_id, s.moment, case when p.older then p.middle + 1 else s.low end,
        case when p.older then s.high else p.middle end
      from search s
      cross join lateral (
        select (s.low + s.high) / 2 as middle,
          coalesce((select l.recorded_at < s.moment from stock_ledger l
                    where l.balance_id = s.balance_id and l.seq = (s.low + s.high) / 2), true) as older
      ) as p
      where s.low < s.high
    ),
    bounds as (
      select balance_id, min(low) as first, max(low) as after from search where low = high group by balance_id
    )
    select t.sku, t.location_id, t.lot, h.seq, h.bucket, h.delta, h.balance_after, h.reason, h.reference, h.reverses,
      h.consumer, h.source, h.message_id, h.occurred_at, h.recorded_at, b.after - b.first > $5
    from touched t
    join bounds b on b.balance_id = t.balance_id
    left join lateral (
      select * from (
        select seq, bucket, delta, balance_after, reason, reference, reverses, consumer, source, message_id,
          occurred_at, recorded_at
        from stock_ledger where balance_id = t.balance_id and seq >= b.first and seq < b.after
        order by seq limit $5
      ) as e
      where e.reference = any($4::text[])
    ) as h on true
    order by h.recorded_at, t.sku, t.location_id, t.lot, h.seq
    """

  static let messages = """
    select i.consumer, i.source, i.message_id, i.recorded_at, i.body
    from (select unnest($1::text[]) as message_id, unnest($2::text[]) as source, unnest($3::text[]) as consumer) as k
    join inbox i on i.message_id = k.message_id and i.source = k.source and i.consumer = k.consumer
    where i.outcome = 'applied'
    """

  /// Reads the inbox of a few days; bodies only of what a transaction claimed that may have decided at one of these
  /// moments: between the two it waits for its locks. The moments are looked at before the bodies, and not with them.
  static let messagesAt = """
    with claimed as materialized (
      select consumer, source, message_id, recorded_at, body from inbox i
      where day = any($2::date[]) and outcome = 'applied'
        and exists (
          select from unnest($1::timestamptz[]) as m (moment)
          where i.recorded_at between m.moment - interval '15 seconds' and m.moment)
    )
    select consumer, source, message_id, recorded_at, body from claimed
    where position($3::bytea in body) > 0
    order by recorded_at desc limit 20
    """
}
