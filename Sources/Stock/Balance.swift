import Contracts
import Postgres

/// What is at one location of one SKU (and lot), locked by the transaction at hand.
public final class Balance {
  /// What it is a balance of.
  public let sku: SKU
  /// Where.
  public let location: LocationID
  /// Which lot; empty where there is none.
  public let lot: String
  /// Whether orders may be allocated from here.
  public let isSellable: Bool
  /// For the `fixed_priority` policy and for ties; higher goes first.
  public let priority: Int32

  /// Physically there.
  public internal(set) var onHand: Int64
  /// Promised to orders.
  public internal(set) var reserved: Int64
  /// There, but not sellable.
  public internal(set) var damaged: Int64
  /// There, waiting for a decision.
  public internal(set) var qualityControl: Int64
  /// Kept back from new promises.
  public internal(set) var safetyStock: Int64
  /// When to alert about this location.
  public internal(set) var band: AlertBand
  /// Where it stands.
  public internal(set) var alert: AlertState
  /// Counts the alert episodes.
  public internal(set) var episode: Int64

  /// When the time of its lot is up.
  public internal(set) var expiresAt: Timestamp?
  /// Whether that was before this transaction: nothing of it is promised any more.
  public internal(set) var isExpired = false
  /// The lots at its location, in the order in which they go out; only where it has no lot itself. It stands for all of
  /// them: safety stock, points and alerts are its, and what is promised from it comes from them.
  var lots: [Balance] = []

  /// The anchor that it belongs to and outlives it.
  unowned var item: StockItem?
  let id: Int64
  let tid: TID
  /// Of its last entry in the ledger.
  public internal(set) var seq: Int64
  var recordedAt: Timestamp
  var isChanged = false
  /// Whether more than quantities changed: its points or where it stands against them.
  var isRevised = false

  init(_ row: Row) {
    sku = row.sku
    location = row.location
    lot = row.lot
    isSellable = row.isSellable
    priority = row.priority
    onHand = row.onHand
    reserved = row.reserved
    damaged = row.damaged
    qualityControl = row.qualityControl
    safetyStock = row.safetyStock
    band = row.band
    alert = row.alert
    episode = row.episode
    id = row.id
    tid = row.tid
    seq = row.seq
    recordedAt = row.recordedAt
  }

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
  public var available: Int64 { onHand - damaged - qualityControl - reserved }

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
    seq += 1
    // Two database servers' clocks may differ after a failover; a balance's time never runs backwards.
    recordedAt = max(recordedAt, now)
    isChanged = true
    switch bucket {
    case .onHand: onHand += delta
    case .reserved: reserved += delta
    case .damaged: damaged += delta
    case .qualityControl: qualityControl += delta
    }
    return LedgerEntry(
      balanceID: id, seq: seq, bucket: bucket, delta: delta, balanceAfter: quantity(bucket), reason: reason,
      cause: cause, recordedAt: recordedAt)
  }
}
