import Postgres

/// The SQL that finds backorders which stock could fill.
enum BackorderStatements {
  /// The backorders that stock should fill, best rank first: no more of each SKU than the free quantity covers, and no
  /// more than the limit.
  static let ranked = Statement(
    name: "backorders_ranked",
    sql: """
      select k.sku, b.order_id, b.line_no
      from (select unnest($1::text[]) as sku, unnest($2::int8[]) as free) as k
      cross join lateral (
        select top.*, sum(top.open_quantity) over (order by top.place) - top.open_quantity as before
        from (
          select order_id, line_no, open_quantity,
                 row_number() over (order by priority desc, need_by, created_at, order_id, line_no) as place
          from (
            select order_id, line_no, open_quantity, priority, need_by, created_at
            from backorders w where w.sku = k.sku and w.open_quantity > 0 and w.fillable
            order by priority desc, need_by, created_at, order_id, line_no
            limit least(k.free, $3)
          ) as candidate
        ) as top
      ) as b
      where b.before < k.free
      order by k.sku, b.place
      """)

  /// Orders that wait as a whole (or with a whole line) for one of these SKUs, and for which all may be there now: read
  /// without locks, decided upon under them. The best ranked of each SKU; the sweeper finds what lies behind them.
  static let blocked = Statement(
    name: "backorders_blocked",
    sql: """
      select distinct b.order_id
      from (select sku, stock_free(sku) as free from unnest($1::text[]) as sku) as k
      cross join lateral (
        select first.order_id from (
          select order_id, open_quantity from backorders w
          where w.sku = k.sku and w.open_quantity > 0 and not w.fillable
          order by priority desc, need_by, created_at, order_id, line_no
          limit $2
        ) as first
        join orders o using (order_id)
        where first.open_quantity <= k.free and (o.policy = 'line_complete' or not exists (
          select from (
            select n.sku, sum(n.open_quantity) as units from backorders n
            where n.order_id = first.order_id and n.open_quantity > 0 group by n.sku
          ) as need
          join stock_items i using (sku)
          where need.units > stock_free(i.sku) - case when i.sku = k.sku then 0 else i.owed end))
        limit 100
      ) as b
      where k.free > 0
      """)

  /// The SKUs that anything waits for, one look into the index of ranks for each: `select distinct` would read all that
  /// waits, and `stock_items` has a row for every SKU there is.
  private static func waiting(_ condition: String) -> String {
    """
    with recursive waiting as (
      (select sku from backorders where open_quantity > 0 and \(condition) order by sku limit 1)
      union all
      select (select b.sku from backorders b where b.open_quantity > 0 and \(condition) and b.sku > w.sku
              order by b.sku limit 1)
      from waiting w where w.sku is not null
    )
    """
  }

  /// SKUs that rest with backorders and stock that could fill them: what a sweeper looks for, without locks.
  static let fillable = Statement(
    name: "fillable",
    sql: """
      \(waiting("fillable"))
      select i.sku from waiting join stock_items i using (sku)
      where i.owed > 0 and stock_free(i.sku) > 0
      limit 100
      """)

  /// Orders that wait as a whole while all of it could be reserved, or with a line that could: the best ranked, each
  /// with a SKU that it waits for. What is free is asked once for each SKU: it reads all of its places.
  static let fillableOrders = Statement(
    name: "fillable_orders",
    sql: """
      \(waiting("not fillable")), free as materialized (
        select i.sku, stock_free(i.sku) - i.owed as units from waiting join stock_items i using (sku)
      )
      select w.order_id,
             min(w.sku) filter (where w.policy <> 'line_complete' or w.least <= w.units) as sku
      from (
        select b.order_id, b.sku, o.policy, free.units, sum(b.open_quantity) as whole, min(b.open_quantity) as least,
               max(b.priority) as priority, min(b.need_by) as need_by, min(b.created_at) as created_at
        from free cross join lateral (
          select * from backorders of where of.sku = free.sku and of.open_quantity > 0 and not of.fillable offset 0
        ) as b join orders o using (order_id)
        group by b.order_id, b.sku, o.policy, free.units
      ) as w
      group by w.order_id, w.policy
      having case when w.policy = 'line_complete' then bool_or(w.least <= w.units) else bool_and(w.whole <= w.units) end
      order by max(w.priority) desc, min(w.need_by), min(w.created_at), w.order_id limit 100
      """)
}
