import Contracts
import Postgres

/// The rows of one transaction, with the effects of the messages decided so far: loaded under locks, written once.
///
/// Domains decide by asking it and change it only through the operations in this room, so that every change of a
/// quantity has its ledger entry and every line keeps its equation.
public final class WorkingSet {
  /// Anchors with their balances.
  public private(set) var items: [SKU: StockItem] = [:]
  /// Orders with their lines, reservations and backorders.
  public private(set) var orders: [OrderID: Order] = [:]
  /// The database's clock, read after the locks were granted.
  public private(set) var now = Timestamp(microseconds: 0)

  var ledger: [LedgerEntry] = []
  var bumps: [Bump] = []
  var decisions: [Decision] = []
  var movements: [Moment: Int64] = [:]
  /// Where a level ceased to be normal: SKU and location, nil over all of them.
  var begunEpisodes: [(sku: SKU, location: LocationID?)] = []

  /// An empty set.
  public init() {}

  /// Everything decided from here on happens at this time.
  public func begin(at now: Timestamp) { self.now = now }

  /// The anchor of a SKU; nil when the SKU is unknown or was not locked.
  public func item(_ sku: SKU) -> StockItem? { items[sku] }

  /// An order; nil when it does not exist (or was not looked up, in the optimistic approach).
  public func order(_ id: OrderID) -> Order? { orders[id] }

  func add(_ item: StockItem) { items[item.sku] = item }
  func add(_ order: Order) { orders[order.id] = order }

  /// Adds a new order, to be inserted.
  public func insert(_ order: Order) {
    orders[order.id] = order
  }

  func book(_ delta: Int64, to bucket: Bucket, of balance: Balance, because reason: LedgerReason, _ cause: Cause) {
    ledger.append(balance.book(delta, to: bucket, because: reason, cause, at: now))
    balance.item?.lastCause = cause
  }
}
