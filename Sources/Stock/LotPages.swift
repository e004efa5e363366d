import Contracts
import Postgres

/// A place among the lots by the time at which theirs is up.
public struct LotPosition: Hashable, Sendable {
  let expiresAt: Int64
  let sku: String
  let lot: String

  /// Before all of them.
  public static let start = LotPosition(expiresAt: -62_167_219_200_000_000, sku: "", lot: "")
}

extension WorkingSet {
  /// Some of the lots whose time was up long ago, and of these the ones with something of them there that were not
  /// reported yet; read without locks.
  ///
  /// - Parameters:
  ///   - age: How long ago their time was up at least.
  ///   - position: Behind which to look.
  ///   - limit: How many lots to look at.
  /// - Returns: What was found, a hundred at most, and where to go on; no end where nothing is left.
  public static func expiredLots(
    before age: Duration, behind position: LotPosition, limit: Int, on database: Connection
  ) throws -> (lots: [(sku: SKU, lot: LotID)], end: LotPosition?) {
    let rows = try database.query(
      LotPageStatements.page,
      [
        .int(age.components.seconds), .timestamp(position.expiresAt), .text(position.sku), .text(position.lot),
        .int(Int64(limit)), .int(most),
      ])
    let all = (0..<rows.count).map { row in
      (
        lot: (sku: SKU(trusted: rows.text(row, 0)), lot: LotID(trusted: rows.text(row, 1))),
        place: LotPosition(expiresAt: rows.timestamp(row, 2), sku: rows.text(row, 0), lot: rows.text(row, 1)),
        isFound: rows.bool(row, 3)
      )
    }
    let found = all.filter(\.isFound)
    if found.count == Int(most) { return (found.map(\.lot), found.last?.place) }
    return (found.map(\.lot), all.first { !$0.isFound }?.place)
  }

  private static let most: Int64 = 100
}

private enum LotPageStatements {
  /// The found ones, then the last of the page if the page is full. OFFSET 0 as in `lots_due`.
  static let page = Statement(
    name: "lots_due_page",
    sql: """
      with page as materialized (
        select sku, lot, expires_at from lots
        where reported_at is null and expires_at >= $2 and (expires_at, sku, lot) > ($2, $3, $4)
          and expires_at <= (select clock_timestamp()) - make_interval(secs => $1::int8)
        order by expires_at, sku, lot limit $5
      ), found as (
        select p.sku, p.lot, p.expires_at from page p
        where exists (
          select from balances b where b.sku = p.sku and b.lot = p.lot and b.lot <> '' and b.on_hand > 0
          offset 0)
        order by p.expires_at, p.sku, p.lot limit $6
      )
      (select sku, lot, expires_at, true from found order by expires_at, sku, lot)
      union all
      (select sku, lot, expires_at, false from page where (select count(*) from page) = $5
       order by expires_at desc, sku desc, lot desc limit 1)
      """)
}
