import Contracts
import Postgres

// Lots: stock of a SKU that came together and may have a time after which nobody is promised any of it. Whoever speaks
// of a location means all its lots; within it the one that expires first goes out first.

/// What is known about a lot, wherever it lies.
public struct Lot: Sendable {
  /// When its time is up; nil where nobody said so.
  public internal(set) var expiresAt: Timestamp?
  /// When it was reported as expired.
  public internal(set) var reportedAt: Timestamp?
  var isChanged = false

  /// Whether its time is up.
  public func isExpired(at now: Timestamp) -> Bool { expiresAt.map { $0 <= now } ?? false }
}

extension WorkingSet {
  /// Loads what is known about the lots that the loaded balances are of. Asks nothing where there are none.
  ///
  /// Called while the anchors are locked and after ``begin(at:)``: what has expired is told by its time.
  public func loadLots(on database: Connection) throws {
    let items = anchors.values.filter { $0.hasLots }
    guard !items.isEmpty else { return }
    let names = items.flatMap { item in Set(item.places.map(\.row.lot)).filter { !$0.isEmpty }.map { (item.sku, $0) } }
    let rows = try database.query(LotStatements.lots, [.texts(names.map(\.0.value)), .texts(names.map(\.1))])
    for row in 0..<rows.count {
      item(SKU(trusted: rows.text(row, 0)))?.lotsByName[rows.text(row, 1)] = Lot(
        expiresAt: rows.optionalTimestamp(row, 2).map(Timestamp.init(microseconds:)),
        reportedAt: rows.optionalTimestamp(row, 3).map(Timestamp.init(microseconds:)))
    }
    for item in items { item.arrangeLots(at: now) }
  }

  /// Finds out which of these SKUs ever had a lot, whether or not anything of it is there: what comes back of one, and
  /// nobody says of which, may be of a lot that is used up.
  public func loadLotHistory(of skus: Set<SKU>, on database: Connection) throws {
    let unknown = skus.filter { item($0)?.lotsByName.isEmpty == true }
    guard !unknown.isEmpty else { return }
    let rows = try database.query(LotStatements.history, [.texts(unknown.map(\.value))])
    for row in 0..<rows.count { item(SKU(trusted: rows.text(row, 0)))?.hasUsedUpLots = true }
  }

  /// Lots with something of them there whose time is up and that were not reported yet; read without locks.
  ///
  /// - Parameter age: How long ago their time was up at most: what was sold before is never reported, and with the
  ///   years there is ever more of it.
  public static func expiredLots(since age: Duration, on database: Connection) throws -> [(sku: SKU, lot: LotID)] {
    let rows = try database.query(LotStatements.due, [.int(age.components.seconds)])
    return (0..<rows.count).map { (SKU(trusted: rows.text($0, 0)), LotID(trusted: rows.text($0, 1))) }
  }

  /// Says that a lot exists and, once and for all, when its time is up.
  ///
  /// - Parameter expiresAt: Nil says nothing about it.
  /// - Returns: What was said before, where that is another time; nothing has changed then.
  public func declare(_ lot: LotID, of item: StockItem, expiresAt: Timestamp?) -> Timestamp? {
    let known = item.lotsByName[lot.value]
    if let expiresAt, let time = known?.expiresAt { return time == expiresAt ? nil : time }
    guard known == nil || expiresAt != nil else { return nil }
    item.lotsByName[lot.value] = Lot(expiresAt: expiresAt, reportedAt: known?.reportedAt, isChanged: true)
    item.arrangeLots(at: now)
    return nil
  }

  /// The lot's end is told; the levels of the SKU are evaluated without it.
  public func report(_ lot: LotID, of item: StockItem, _ cause: Cause) {
    item.lotsByName[lot.value]?.reportedAt = now
    item.lotsByName[lot.value]?.isChanged = true
    item.lastCause = cause
  }

  func sendLots(to writes: inout WriteSet) throws {
    var rows: [(sku: SKU, name: String, lot: Lot)] = []
    for item in anchors.values where !item.lotsByName.isEmpty {
      for (name, lot) in item.lotsByName where lot.isChanged { rows.append((item.sku, name, lot)) }
    }
    guard !rows.isEmpty else { return }
    rows.sort { ($0.sku.value, $0.name) < ($1.sku.value, $1.name) }
    try writes.send(
      LotStatements.upsert,
      [
        .texts(rows.map(\.sku.value)), .texts(rows.map(\.name)),
        .timestamps(rows.map { $0.lot.expiresAt?.microseconds }),
        .timestamps(rows.map { $0.lot.reportedAt?.microseconds }),
      ])
  }
}

extension StockItem {
  /// Whether any of its balances is of a lot.
  var hasLots: Bool { places.contains { !$0.row.lot.isEmpty } }

  /// What is there of a lot, by location.
  public func balances(of lot: LotID) -> [Balance] { balances.filter { $0.lot == lot.value && $0.onHand > 0 } }

  /// Tells each balance whether its lot has expired, and each location which lots lie there, in the order in which they
  /// go out: what expires first, then what never does.
  func arrangeLots(at now: Timestamp) {
    for balance in balances where !balance.lot.isEmpty {
      let lot = lots[balance.lot]
      balance.expiresAt = lot?.expiresAt
      balance.isExpired = lot?.isExpired(at: now) ?? false
    }
    for head in balances where head.lot.isEmpty {
      head.lots = balances.filter { $0.location == head.location && !$0.lot.isEmpty }.sorted {
        ($0.expiresAt?.microseconds ?? .max, $0.lot) < ($1.expiresAt?.microseconds ?? .max, $1.lot)
      }
    }
  }
}

extension Balance {
  /// What can be promised of it by its quantities and its lot's time.
  public var promisable: Int64 { isExpired ? 0 : available }

  /// What can be promised at its location over all lots, before safety stock. Asked of the balance without a lot.
  public var level: Int64 { lots.isEmpty ? promisable : lots.reduce(promisable) { $0 + $1.promisable } }

  /// What is physically at its location over all lots. Asked of the balance without a lot.
  public var levelOnHand: Int64 { lots.isEmpty ? onHand : lots.reduce(onHand) { $0 + $1.onHand } }

  /// What is damaged at its location over all lots. Asked of the balance without a lot.
  public var levelDamaged: Int64 { lots.reduce(damaged) { $0 + $1.damaged } }

  /// What waits for a decision at its location over all lots. Asked of the balance without a lot.
  public var levelQualityControl: Int64 { lots.reduce(qualityControl) { $0 + $1.qualityControl } }

  /// The location's lots in the order in which they go out, and what has no lot after them.
  var sources: [Balance] { lots + [self] }
}

enum LotStatements {
  static let lots = Statement(
    name: "lots",
    sql: """
      select l.sku, l.lot, l.expires_at, l.reported_at
      from (select unnest($1::text[]) as sku, unnest($2::text[]) as lot) as k
      join lots l on l.sku = k.sku and l.lot = k.lot
      """)

  static let history = Statement(
    name: "lots_history",
    sql: "select s from unnest($1::text[]) as s where exists (select from lots l where l.sku = s)")

  static let upsert = Statement(
    name: "lots_upsert",
    sql: """
      insert into lots (sku, lot, expires_at, reported_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::timestamptz[]), unnest($4::timestamptz[])
      on conflict (sku, lot) do update set expires_at = excluded.expires_at, reported_at = excluded.reported_at
      """)

  /// What a sweeper looks for, among lots whose time was up so many seconds ago at most. OFFSET 0 keeps the second look
  /// one of its own, by lot: as a join it may be planned to read all balances that have a lot for each.
  static let due = Statement(
    name: "lots_due",
    sql: """
      select l.sku, l.lot from lots l
      where l.expires_at <= (select clock_timestamp()) and l.reported_at is null
        and l.expires_at > (select clock_timestamp()) - make_interval(secs => $1::int8)
        and exists (
          select from balances b where b.sku = l.sku and b.lot = l.lot and b.lot <> '' and b.on_hand > 0
          offset 0)
      order by l.expires_at limit 100
      """)
}
