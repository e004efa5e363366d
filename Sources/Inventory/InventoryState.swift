import Contracts
import Stock

/// What an inventory transaction works on: stock under locks, and the records that business ids are checked against.
public final class InventoryState {
  /// Anchors and balances.
  public let stock = WorkingSet()
  /// Products by SKU, as far as the batch speaks of them.
  public internal(set) var products: [SKU: ProductRegistered] = [:]
  /// Registered locations, as far as the batch speaks of them.
  public internal(set) var locations: [LocationID: LocationRegistered] = [:]
  /// Receipts that were booked before, here or in this batch.
  public internal(set) var receipts: [ReceiptID: GoodsReceived] = [:]
  /// Moves that were answered before, here or in this batch.
  public internal(set) var moves: [MoveID: StockMoveRequested] = [:]
  /// When the policy of a place was last set, by the publisher's clock; no location: over all.
  public internal(set) var policyTimes: [PolicyPlace: Timestamp] = [:]

  var keys = StockKeys()
  var requests = InventoryRequests()
  var new = InventoryRecords()

  /// An empty state.
  public init() {}

  /// What a policy is about.
  public struct PolicyPlace: Hashable, Sendable {
    let sku: SKU
    let location: LocationID?
  }
}

/// What has to be looked up.
struct InventoryRequests {
  var products: Set<SKU> = []
  var locations: Set<LocationID> = []
  var receipts: Set<ReceiptID> = []
  var moves: Set<MoveID> = []
  var policies: [InventoryState.PolicyPlace] = []
}

/// What has to be inserted.
struct InventoryRecords {
  var products: [ProductRegistered] = []
  var locations: [LocationRegistered] = []
  var receipts: [GoodsReceived] = []
  var moves: [(request: StockMoveRequested, rejected: String?)] = []
  var policies: [InventoryState.PolicyPlace: Timestamp] = [:]
}
