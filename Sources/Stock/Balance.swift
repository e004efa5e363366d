import Contracts
import Postgres

/// What is at one location of one SKU (and lot), locked by the transaction at hand.
public final class Balance {
  /// What the row will say. Only this room knows it is stored: where a class shows a stored property to others, each
  /// access is checked at run time for a conflict with another one, and deciding asks for nothing as often.
  var row: Row

  /// When the time of its lot is up.
  public internal(set) var expiresAt: Timestamp?
  /// Whether that was before this transaction: nothing of it is promised any more.
  var isExpired = false
  /// The lots at its location, in the order in which they go out; only where it has no lot itself. It stands for all of
  /// them: safety stock, points and alerts are its, and what is promised from it comes from them.
  var lots: [Balance] = []

  /// The anchor that it belongs to and outlives it.
  unowned let item: StockItem?
  var isChanged = false
  /// Whether more than quantities changed: its points or where it stands against them.
  var isRevised = false
  /// Whether this transaction made it, for a message that may not be applied after all.
  var isFresh = false
  /// Whether it stays although nothing is booked: a policy of its own set its levels, or goods are on their way to it.
  var isKept = false

  init(_ row: consuming Row, of item: StockItem?) {
    self.row = row
    self.item = item
  }

  /// What it is a balance of.
  public var sku: SKU { row.sku }
  /// Where.
  public var location: LocationID { row.location }
  /// Which lot; empty where there is none.
  public var lot: String { row.lot }
  /// Whether orders may be allocated from here.
  public var isSellable: Bool { row.isSellable }
  /// For the `fixed_priority` policy and for ties; higher goes first.
  public var priority: Int32 { row.priority }

  /// Physically there.
  public var onHand: Int64 { row.onHand }
  /// Promised to orders.
  public var reserved: Int64 { row.reserved }
  /// There, but not sellable.
  public var damaged: Int64 { row.damaged }
  /// There, waiting for a decision.
  public var qualityControl: Int64 { row.qualityControl }
  /// Kept back from new promises.
  public var safetyStock: Int64 { row.safetyStock }
  /// When to alert about this location.
  public var band: AlertBand { row.band }
  /// Where it stands.
  public var alert: AlertState { row.alert }
  /// Counts the alert episodes.
  public var episode: Int64 { row.episode }
  /// Of its last entry in the ledger.
  public var seq: Int64 { row.seq }
  var id: Int64 { row.id }
  var tid: TID { row.tid }
  var recordedAt: Timestamp { row.recordedAt }

  /// A balance as loaded; also how tests make one without a database.
  public struct Row {
    var id: Int64
    var tid: TID
    var sku: SKU
    var location: LocationID
    var lot = ""
    var isSellable = true
    var priority: Int32 = 0
    var onHand: Int64
    var reserved: Int64 = 0
    var damaged: Int64 = 0
    var qualityControl: Int64 = 0
    var safetyStock: Int64 = 0
    var band = AlertBand(reorderPoint: 0, recoverPoint: 1)
    var alert = AlertState.normal
    var episode: Int64 = 0
    var seq: Int64 = 0
    var recordedAt = Timestamp(microseconds: 0)
  }

  /// What is neither damaged, held, nor promised. Never negative.
  public var available: Int64 { row.onHand - row.damaged - row.qualityControl - row.reserved }

  /// Whether nothing is to be kept of it: made by this transaction, and of no use to it. Where there are lots, the
  /// location's balance without one stays as long as one of them does.
  var isUnused: Bool {
    guard isFresh, !isNeeded else { return false }
    return !row.lot.isEmpty || item?.places.contains { $0.row.location == row.location && $0.isNeeded } != true
  }

  private var isNeeded: Bool { row.seq > 0 || isKept }

  /// What a new order may take from its location, over all lots: what can be promised beyond the safety stock. None for
  /// the balance of a lot, for which the location's balance without one answers.
  public var allocatable: Int64 { isSellable && lot.isEmpty ? max(0, level - safetyStock) : 0 }

  func quantity(_ bucket: Bucket) -> Int64 {
    switch bucket {
    case .onHand: onHand
    case .reserved: reserved
    case .damaged: damaged
    case .qualityControl: qualityControl
    }
  }

  /// Books a change; the only place where a quantity of a balance changes.
  ///
  /// - Returns: The entry for the ledger.
  func book(_ delta: Int64, to bucket: Bucket, because reason: LedgerReason, _ cause: Cause, at now: Timestamp)
    -> LedgerEntry
  {
    row.seq += 1
    // Two database servers' clocks may differ after a failover; a balance's time never runs backwards.
    row.recordedAt = max(row.recordedAt, now)
    isChanged = true
    switch bucket {
    case .onHand: row.onHand += delta
    case .reserved: row.reserved += delta
    case .damaged: row.damaged += delta
    case .qualityControl: row.qualityControl += delta
    }
    return LedgerEntry(
      balanceID: row.id, seq: row.seq, bucket: bucket, delta: delta, balanceAfter: quantity(bucket), reason: reason,
      cause: cause, recordedAt: row.recordedAt)
  }
}
