import Contracts
import Messaging
import Postgres
import Stock

/// Looks for lots whose time is up while some of them is there, and sends each a message through the same way as any
/// other. However many sweep, the lot's anchor lets one message report it.
public enum LotSweeper {
  /// One sweep; does nothing while another worker's is running.
  ///
  /// - Returns: How many lots were found.
  @discardableResult
  public static func sweep(on database: Connection) throws -> Int {
    try Sweep.lots.run(by: .inventory, on: database) {
      try WorkingSet.expiredLots(on: database).map { sku, lot in
        Sweep.Finding(sku.value, .lotsDue(LotsDue(sku: sku, lot: lot)))
      }
    }
  }
}
