import Contracts
import Messaging
import Postgres
import Stock

/// Looks for lots whose time is up while some of them is there, and sends each a message through the same way as any
/// other. However many sweep, the lot's anchor lets one message report it.
public enum LotSweeper {
  /// How long ago the time of a lot was up that any sweep finds.
  public static let usual = Duration.seconds(24 * 3600)
  /// Of all lots there are.
  public static let ever = Duration.seconds(100 * 366 * 86_400)

  /// One sweep; does nothing while another worker's is running.
  ///
  /// - Parameters:
  ///   - age: Of lots whose time was up no longer ago than this.
  ///   - memory: The sweeper's.
  /// - Returns: How many lots were found.
  @discardableResult
  public static func sweep(
    since age: Duration = usual, remembering memory: SweepMemory? = nil, on database: Connection
  ) throws -> Int {
    try Sweep.lots.run(by: .inventory, remembering: memory, on: database) {
      try WorkingSet.expiredLots(since: age, on: database).map { sku, lot in
        Sweep.Finding(sku.value, detail: lot.value, .lotsDue(LotsDue(sku: sku, lot: lot)))
      }
    }
  }
}
