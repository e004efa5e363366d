import Contracts
import Messaging
import Outbox
import Postgres
import Stock

/// Looks for lots whose time is up while some of them is there, and sends each a message through the same way as any
/// other. However many sweep, the lot's anchor lets one message report it.
public enum LotSweeper {
  private static let lock = Statement(name: "lot_sweep_lock", sql: "select pg_try_advisory_xact_lock(7046033)")

  /// One sweep; does nothing while another worker's is running.
  ///
  /// - Returns: How many lots were found.
  @discardableResult
  public static func sweep(on database: Connection) throws -> Int {
    try database.transaction {
      guard try database.query(lock).bool(0, 0) else { return 0 }
      let found = try WorkingSet.expiredLots(on: database)
      guard !found.isEmpty else { return 0 }
      let now = try DatabaseClock.read(on: database)
      var outbox = OutboxWriter()
      for (sku, lot) in found {
        // A finding has no history: each is an aggregate of its own.
        let id = EventID.next(at: now)
        let event = OutgoingEvent(
          id: id, source: "\(WorkerManifest.inventory.source):sweeper", time: now, aggregate: "sweep/\(id)",
          sequence: 1, subject: sku.value, event: .lotsDue(LotsDue(sku: sku, lot: lot)))
        outbox.append(OutboxRow(event))
      }
      var writes = WriteSet(on: database)
      try outbox.send(to: &writes)
      try writes.finish()
      return found.count
    }
  }
}
