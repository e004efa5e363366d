import Contracts
import Messaging
import Postgres
import Stock

/// Looks for SKUs that rest with backorders and stock that could fill them, and for orders that wait as a whole while
/// all of it is there, and sends each a message through the same way as any other: it never changes stock itself.
///
/// Normally the event that brings the stock also brings the filling. What it cannot bring: a lowered safety stock, or
/// an order that began to wait, or fell behind too many others, while its stock came.
public enum BackorderSweeper {
  /// One sweep; does nothing while another worker's is running.
  ///
  /// - Parameter memory: The sweeper's.
  /// - Returns: How many SKUs and orders were found.
  @discardableResult
  public static func sweep(remembering memory: SweepMemory? = nil, on database: Connection) throws -> Int {
    try Sweep.backorders.run(by: .allocation, remembering: memory, on: database) {
      var found = try WorkingSet.fillableSKUs(on: database).map { BackordersDue(sku: $0) }
      found += try WorkingSet.fillableOrders(on: database).map { BackordersDue(sku: $0.sku, orderID: $0.order) }
      return found.map { Sweep.Finding($0.sku.value, detail: $0.orderID?.value ?? "", .backordersDue($0)) }
    }
  }
}
