import Contracts
import Postgres

/// The rows of one transaction, with the effects of the messages decided so far: loaded under locks, written once.
///
/// Domains decide by asking it and change it only through the operations in this room, so that every change of a
/// quantity has its ledger entry and every line keeps its equation.
public final class WorkingSet {
  /// Anchors with their balances.
  public var items: [SKU: StockItem] { anchors }
  /// Orders with their lines, reservations and backorders.
  public var orders: [OrderID: Order] { placed }
  /// The database's clock, read after the locks were granted.
  public var now: Timestamp { clock }

  // Stored where only this room sees them, as in ``Balance``.
  private(set) var anchors: [SKU: StockItem] = [:]
  private(set) var placed: [OrderID: Order] = [:]
  private var clock = Timestamp(microseconds: 0)
  var ledger: [LedgerEntry] = []
  /// Whether this transaction made balances.
  var hasFresh = false
  var bumps: [Bump] = []
  var decisions: [Decision] = []
  var movements: [Moment: Int64] = [:]
  /// Where a level ceased to be normal: SKU and location, nil over all of them.
  var begunEpisodes: [(sku: SKU, location: LocationID?)] = []

  /// An empty set.
  public init() {}

  /// Everything decided from here on happens at this time.
  public func begin(at now: Timestamp) { clock = now }

  /// The anchor of a SKU; nil when the SKU is unknown or was not locked.
  public func item(_ sku: SKU) -> StockItem? { anchors[sku] }

  /// An order; nil when it does not exist (or was not looked up, in the optimistic approach).
  public func order(_ id: OrderID) -> Order? { placed[id] }

  /// Makes room for so many anchors.
  func reserve(_ anchors: Int) { self.anchors.reserveCapacity(anchors) }

  /// Makes room for so many new orders, at most.
  public func expect(orders: Int) { placed.reserveCapacity(orders) }

  func add(_ item: StockItem) { anchors[item.row.sku] = item }
  func add(_ order: Order) { placed[order.id] = order }

  /// Adds a new order, to be inserted.
  public func insert(_ order: Order) { add(order) }

  func book(_ delta: Int64, to bucket: Bucket, of balance: Balance, because reason: LedgerReason, _ cause: Cause) {
    ledger.append(balance.book(delta, to: bucket, because: reason, cause, at: clock))
    balance.item?.lastCause = cause
  }
}
