import Contracts
import Outbox
import Postgres

/// What sweepers look for. A sweeper never changes anything itself: it sends a message about each finding, which goes
/// the same way as any other, where what has happened meanwhile is seen under the locks.
///
/// The raw value is the advisory lock by which sweepers of one kind take turns; the relay's are the two before.
public enum Sweep: Int64, Sendable {
  /// Backorders that rest while stock could fill them.
  case backorders = 7_046_031
  /// Holds whose time has come.
  case holds = 7_046_032
  /// Lots that have expired.
  case lots = 7_046_033
  /// Shipments of which nothing was heard for long.
  case shipments = 7_046_034

  /// Something that was found, and the event that says so.
  public struct Finding {
    let name: String
    let subject: String
    let correlationID: String?
    let event: Event

    /// - Parameters:
    ///   - subject: What was found, such as a SKU.
    ///   - detail: What tells it from others of the same subject, such as a lot.
    ///   - correlationID: The order that it is about, if it is about one.
    ///   - event: Says so to the worker.
    public init(_ subject: String, detail: String = "", correlationID: String? = nil, _ event: Event) {
      name = "\(subject)\n\(detail)"
      self.subject = subject
      self.correlationID = correlationID
      self.event = event
    }
  }

  private static let lock = Statement(name: "sweep_lock", sql: "select pg_try_advisory_xact_lock($1::int8)")

  /// One sweep; does nothing while another worker's is running.
  ///
  /// - Parameters:
  ///   - manifest: Whose sweeper it is.
  ///   - memory: What it has said lately and need not say again yet.
  ///   - find: Looks, without locks.
  /// - Returns: How much was found.
  public func run(
    by manifest: WorkerManifest, remembering memory: SweepMemory? = nil, on database: Connection,
    find: () throws -> [Finding]
  ) throws -> Int {
    var plan: SweepMemory.Plan?
    let count = try database.transaction {
      guard try database.query(Sweep.lock, [.int(rawValue)]).bool(0, 0) else { return 0 }
      let found = try find()
      plan = memory?.plan(found.map(\.name))
      let areDue = plan?.areDue ?? found.map { _ in true }
      guard areDue.contains(true) else { return found.count }
      let now = try DatabaseClock.read(on: database)
      var outbox = OutboxWriter()
      for (finding, isDue) in zip(found, areDue) where isDue {
        // A finding has no history: each is an aggregate of its own.
        let id = EventID.next(at: now)
        outbox.append([
          OutgoingEvent(
            id: id, source: "\(manifest.source):sweeper", time: now, correlationID: finding.correlationID,
            aggregate: OutgoingEvent.aggregate(ofNote: id), sequence: 1, subject: finding.subject,
            event: finding.event)
        ])
      }
      var writes = WriteSet(on: database)
      try outbox.send(to: &writes)
      try writes.finish()
      return found.count
    }
    if let plan { memory?.keep(plan) }
    return count
  }
}
