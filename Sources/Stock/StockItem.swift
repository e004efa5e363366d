import Contracts
import Postgres

/// The anchor of a SKU with all of its balances, locked by the transaction at hand.
public final class StockItem {
  /// What the row will say; stored where only this room sees it, as in ``Balance``.
  var row: Row
  /// Its balances, sorted by location and lot.
  public internal(set) var balances: [Balance] {
    get { places }
    set { places = newValue }
  }
  var places: [Balance] = []
  /// Its lots by their names, as far as something of them is there or the batch speaks of them.
  public internal(set) var lots: [String: Lot] {
    get { lotsByName }
    set { lotsByName = newValue }
  }
  var lotsByName: [String: Lot] = [:]
  /// Whether there were lots of which nothing is loaded; known only of those whose history was asked for.
  var hasUsedUpLots = false
  /// Whether it ever came in lots, as far as its history was asked for.
  public var cameInLots: Bool { hasUsedUpLots || !lotsByName.isEmpty }

  var isChanged = false
  /// The last message that changed anything here: the cause of the alerts at the end.
  var lastCause: Cause?

  init(_ row: consuming Row) { self.row = row }

  /// What it anchors.
  public var sku: SKU { row.sku }
  /// Whether the catalogue has registered it: orders and receipts for an unregistered SKU wait.
  public var isRegistered: Bool { row.isRegistered }
  /// Whether the catalogue has discontinued it: nothing more is promised to new demand; what is promised or waits
  /// already goes on.
  public var isDiscontinued: Bool { row.isDiscontinued }
  /// Open backorders that stock could fill now.
  public var owed: Int64 { row.owed }
  /// Kept back over all locations, beyond what each location keeps back.
  public var safetyStock: Int64 { row.safetyStock }
  /// When to alert about the SKU over all locations.
  public var band: AlertBand { row.band }
  /// Where it stands.
  public var alert: AlertState { row.alert }
  /// Counts the alert episodes.
  public var episode: Int64 { row.episode }
  /// Of the last event about this SKU.
  public var sequence: Int64 { row.sequence }
  var tid: TID { row.tid }

  struct Row {
    var tid: TID
    var sku: SKU
    var isRegistered = true
    var isDiscontinued = false
    var owed: Int64 = 0
    var safetyStock: Int64 = 0
    var band = AlertBand(reorderPoint: 0, recoverPoint: 1)
    var alert = AlertState.normal
    var episode: Int64 = 0
    var sequence: Int64 = 0
  }

  /// What is available beyond all safety stocks, before anything is subtracted for backorders. May be negative.
  public var free: Int64 {
    var sum = -safetyStock
    for balance in places where balance.isSellable && !balance.isUnused {
      sum += balance.promisable - balance.safetyStock
    }
    return sum
  }

  /// Available to promise to a new order: what is free, less what is owed to the orders that wait already.
  public var availableToPromise: Int64 { max(0, free - owed) }

  /// The balance at a location, if there is one.
  ///
  /// The one without a lot stands for the location as a whole.
  public func balance(at location: LocationID, lot: String = "") -> Balance? {
    places.first { $0.row.location == location && $0.row.lot == lot }
  }

  /// What is at a location and neither damaged nor held, reserved or not, over all lots.
  public func usable(at location: LocationID) -> Int64 {
    places.reduce(0) {
      $1.location == location ? $0 + $1.onHand - $1.damaged - $1.qualityControl : $0
    }
  }

  /// Draws the sequence of the next event about this SKU.
  public func nextSequence() -> Int64 {
    row.sequence += 1
    isChanged = true
    return sequence
  }
}
