import Contracts

/// Which rows a transaction touches.
public struct StockKeys: Sendable {
  /// SKUs whose anchors and balances are locked.
  public var skus: Set<SKU> = []
  /// Orders that are locked and loaded with all that hangs on them.
  public var orders: Set<OrderID> = []

  /// No rows.
  public init() {}

}
