import Contracts
import Stock

/// What an inventory transaction works on: stock under locks, and the records that business ids are checked against.
public final class InventoryState {
  /// Anchors and balances.
  public let stock = WorkingSet()
  /// Products by SKU, as far as the batch speaks of them.
  public internal(set) var products: [SKU: CatalogueEntry] = [:]
  /// Whose the barcodes are, as far as the batch speaks of them; by their 14 digits.
  var barcodes: [String: SKU] = [:]
  /// Registered locations, as far as the batch speaks of them.
  public internal(set) var locations: [LocationID: LocationRegistered] = [:]
  /// Receipts that were booked before, here or in this batch.
  public internal(set) var receipts: [ReceiptID: BookedReceipt] = [:]
  /// Moves that were answered before, here or in this batch.
  public internal(set) var moves: [MoveID: StockMoveRequested] = [:]
  /// When the policy of a place was last set, by the publisher's clock.
  public internal(set) var policyTimes: [PolicyPlace: Timestamp] = [:]

  /// The levels of the locations without their own, where a policy has set them.
  var defaultLevels: [SKU: PolicyLevels] = [:]

  var keys = StockKeys()
  var requests = InventoryRequests()
  var new = InventoryRecords()
  /// Counts, adjustments, and decisions about quality.
  var papers = Papers()
  /// Transfers and their arrivals.
  var transfers = TransferFile()

  /// An empty state.
  public init() {}

  /// What a policy is about.
  public struct PolicyPlace: Hashable, Sendable {
    let sku: SKU
    let reach: Reach

    /// Where a policy of a SKU holds.
    enum Reach: Hashable, Sendable {
      /// For the SKU as a whole.
      case overall
      /// At each sellable location that has none of its own.
      case everyLocation
      /// At one.
      case location(LocationID)
    }

    init(sku: SKU, reach: Reach) {
      self.sku = sku
      self.reach = reach
    }

    init(of policy: StockPolicySet) {
      sku = policy.sku
      reach = policy.everyLocation ? .everyLocation : policy.locationID.map(Reach.location) ?? .overall
    }
  }
}

/// What has to be looked up.
struct InventoryRequests {
  var products: Set<SKU> = []
  /// Those of them that are registered, and those that are discontinued.
  var registered: Set<SKU> = []
  var discontinued: Set<SKU> = []
  var barcodes: Set<String> = []
  /// Those by which receipts name their products, which have to be locked.
  var namingBarcodes: Set<String> = []
  var locations: Set<LocationID> = []
  var receipts: Set<ReceiptID> = []
  var moves: Set<MoveID> = []
  /// Whose policies.
  var policies: Set<SKU> = []
}

/// What has to be inserted.
struct InventoryRecords {
  var locations: [LocationRegistered] = []
  /// Of locations that were registered without.
  var coordinates: [LocationID: Coordinates] = [:]
  var receipts: [BookedReceipt] = []
  var moves: [(request: StockMoveRequested, rejected: String?)] = []
  var policies: [InventoryState.PolicyPlace: Timestamp] = [:]
  /// The levels of the locations without their own.
  var defaultLevels: [SKU: StockPolicySet] = [:]
}

/// A receipt as it was booked: what it said, and what that meant then.
public struct BookedReceipt: Sendable {
  /// As it came; the SKU may be missing where a barcode named it.
  let said: GoodsReceived
  /// What came.
  public let sku: SKU
  /// How much of it, in base units.
  public let quantity: Int64
}
