import Contracts

/// Which rows a transaction touches.
public struct StockKeys: Sendable {
  /// SKUs whose anchors and balances are locked.
  public var skus: Set<SKU> = []
  /// Orders that are locked and loaded with all that hangs on them.
  public var orders: Set<OrderID> = []

  /// Where stock is about to be: balances that are missing there are made once their anchors are locked. Where a lot
  /// is, there is also a balance without one, which stands for the location. Of lots that are used up only these are
  /// loaded: a SKU would grow slower with each lot that it ever had.
  public var places: Set<WorkingSet.Place> = []
  /// Locations that the batch itself registers.
  public var newLocations: [LocationID: LocationRegistered] = [:]

  /// No rows.
  public init() {}

  /// Those of the places that are of a lot.
  var lots: Set<WorkingSet.Place> { places.filter { !$0.lot.isEmpty } }
}
