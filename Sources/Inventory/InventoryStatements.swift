import Postgres

/// The SQL of the catalogue and of the records behind business ids.
enum InventoryStatements {
  static let locations = Statement(
    name: "locations",
    sql: """
      select location_id, name, priority, sellable, lat::text, lng::text
      from locations where location_id = any($1::text[])
      """)

  static let receipts = Statement(
    name: "receipts",
    sql: """
      select receipt_id, sku, location_id, quantity, reference, barcode, unit, unit_quantity, lot, expires_at
      from receipts where receipt_id = any($1::text[])
      """)

  static let moves = Statement(
    name: "moves",
    sql: """
      select move_id, sku, from_location_id, to_location_id, quantity, reference, lot
      from moves where move_id = any($1::text[])
      """)

  static let policies = Statement(
    name: "policies",
    sql: """
      select p.sku, p.location_id, p.set_at, i.place_safety_stock, i.place_reorder_point, i.place_recover_point
      from policies_set p join stock_items i using (sku) where p.sku = any($1::text[])
      """)

  static let insertLocations = Statement(
    name: "locations_insert",
    sql: """
      insert into locations (location_id, name, priority, sellable, lat, lng, registered_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::int4[]), unnest($4::bool[]),
             unnest($5::text[])::float8, unnest($6::text[])::float8, $7
      """)

  /// Only where nobody else has said meanwhile where it is.
  static let placeLocations = Statement(
    name: "locations_place",
    sql: WriteSet.guarded(
      """
      update locations l set lat = n.lat, lng = n.lng
      from (select unnest($1::text[]) as location_id, unnest($2::text[])::float8 as lat,
                   unnest($3::text[])::float8 as lng) as n
      where l.location_id = n.location_id and l.lat is null
      """, by: 4))

  static let insertReceipts = Statement(
    name: "receipts_insert",
    sql: """
      insert into receipts (receipt_id, sku, location_id, quantity, reference, barcode, unit, unit_quantity, lot,
        expires_at, recorded_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::int8[]), unnest($5::text[]),
             unnest($6::text[]), unnest($7::text[]), unnest($8::int8[]), unnest($9::text[]),
             unnest($10::timestamptz[]), $11
      """)

  static let insertMoves = Statement(
    name: "moves_insert",
    sql: """
      insert into moves (move_id, sku, from_location_id, to_location_id, quantity, reference, rejected_reason,
        lot, recorded_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::int8[]),
             unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), $9
      """)

  static let upsertPolicies = Statement(
    name: "policies_upsert",
    sql: """
      insert into policies_set (sku, location_id, set_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::timestamptz[])
      on conflict (sku, location_id) do update set set_at = excluded.set_at
      """)

  static let setDefaultLevels = Statement(
    name: "default_levels_set",
    sql: WriteSet.guarded(
      """
      update stock_items i set place_safety_stock = n.safety_stock, place_reorder_point = n.reorder_point,
        place_recover_point = n.recover_point
      from (select unnest($1::text[]) as sku, unnest($2::int8[]) as safety_stock, unnest($3::int8[]) as reorder_point,
                   unnest($4::int8[]) as recover_point) as n
      where i.sku = n.sku
      """, by: 5))
}
