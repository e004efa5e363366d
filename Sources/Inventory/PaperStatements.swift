import Postgres

/// The SQL of counts, adjustments and decisions about quality.
enum PaperStatements {
  static let counts = Statement(
    name: "counts",
    sql: """
      select count_id, sku, location_id, lot, counted, difference, counted_at, person, reason_code
      from counts where count_id = any($1::text[])
      """)

  static let newestCounts = Statement(
    name: "counts_newest",
    sql: """
      select k.sku, k.location_id, k.lot, newest.counted_at, newest.count_id, newest.counted
      from (select unnest($1::text[]) as sku, unnest($2::text[]) as location_id, unnest($3::text[]) as lot) as k
      cross join lateral (
        select c.counted_at, c.count_id, c.counted from counts c
        where c.sku = k.sku and c.location_id = k.location_id and c.lot = k.lot and c.counted is not null
        order by c.counted_at desc, c.superseded limit 1
      ) as newest
      """)

  static let adjustments = Statement(
    name: "adjustments",
    sql: """
      select adjustment_id, sku, location_id, lot, kind, quantity, reason_code, person
      from adjustments where adjustment_id = any($1::text[])
      """)

  static let holds = Statement(
    name: "holds",
    sql: """
      select hold_id, sku, location_id, lot, quantity, released, person, reason_code, given_up
      from quality_holds where hold_id = any($1::text[])
      """)

  static let openHolds = Statement(
    name: "holds_open",
    sql: """
      select h.hold_id, h.sku, h.location_id, h.lot, h.quantity, h.released, h.person, h.reason_code, h.given_up
      from (select unnest($1::text[]) as sku, unnest($2::text[]) as location_id, unnest($3::text[]) as lot) as k
      join quality_holds h using (sku, location_id, lot)
      where h.released + h.given_up < h.quantity order by h.recorded_at, h.hold_id
      """)

  static let held = Statement(
    name: "held",
    sql: """
      select sku, location_id, lot, sum(quantity - released - given_up)::int8 from quality_holds
      where sku = any($1::text[]) and released + given_up < quantity group by sku, location_id, lot
      """)

  static let releases = Statement(
    name: "releases",
    sql: """
      select release_id, hold_id, sku, location_id, lot, quantity, verdict, person, reason_code
      from quality_releases where release_id = any($1::text[])
      """)

  static let insertCounts = Statement(
    name: "counts_insert",
    sql: """
      insert into counts (count_id, sku, location_id, lot, counted, difference, counted_at, person, reason_code, note,
        superseded, movement, on_hand_change, damaged_change, quality_control_change, bumped, source, message_id,
        recorded_at, seqs)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::int8[]),
             unnest($6::int8[]), unnest($7::timestamptz[]), unnest($8::text[]), unnest($9::text[]),
             unnest($10::text[]), unnest($11::bool[]), unnest($12::int8[]), unnest($13::int8[]), unnest($14::int8[]),
             unnest($15::int8[]), unnest($16::int8[]), unnest($17::text[]), unnest($18::text[]), $19,
             unnest($20::int8[])
      """)

  static let insertAdjustments = Statement(
    name: "adjustments_insert",
    sql: """
      insert into adjustments (adjustment_id, sku, location_id, lot, kind, quantity, reason_code, person, note, bumped,
        source, message_id, recorded_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]),
             unnest($6::int8[]), unnest($7::text[]), unnest($8::text[]), unnest($9::text[]), unnest($10::int8[]),
             unnest($11::text[]), unnest($12::text[]), $13
      """)

  static let insertHolds = Statement(
    name: "holds_insert",
    sql: """
      insert into quality_holds (hold_id, sku, location_id, lot, quantity, person, reason_code, note, bumped, source,
        message_id, recorded_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::int8[]),
             unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::int8[]), unnest($10::text[]),
             unnest($11::text[]), $12
      """)

  static let updateHolds = Statement(
    name: "holds_update",
    sql: WriteSet.guarded(
      """
      update quality_holds h set released = n.released, given_up = n.given_up
      from (select unnest($1::text[]) as hold_id, unnest($2::int8[]) as released, unnest($3::int8[]) as given_up) as n
      where h.hold_id = n.hold_id
      """, by: 4))

  static let insertReleases = Statement(
    name: "releases_insert",
    sql: """
      insert into quality_releases (release_id, hold_id, sku, location_id, lot, quantity, verdict, person, reason_code,
        note, source, message_id, recorded_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]),
             unnest($6::int8[]), unnest($7::text[]), unnest($8::text[]), unnest($9::text[]), unnest($10::text[]),
             unnest($11::text[]), unnest($12::text[]), $13
      """)
}
