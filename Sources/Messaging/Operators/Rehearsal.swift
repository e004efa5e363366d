import Contracts
import Postgres

/// What a replay would do, found out by doing it on the live database and undoing it.
public struct Rehearsal: Sendable {
  /// How the message would end; nil where not even its dead letter could be written.
  public let outcome: Outcome?
  /// Why, where that is not self-evident.
  public let why: String?
  /// The attempt that the replay would have.
  public let attempt: Int32
  /// What it would correct: a JSON array of field, was and is.
  public let edits: String?
  /// The events that would go out, each as it would be published.
  public let events: [OutgoingEvent]
  /// The ledger entries that would be written, such as `A@W1 reserved +2 = 5 (RESERVE ord-1)`.
  public let ledger: [String]
  /// Rows about the message's order and SKUs before and after, where they differ.
  public let changes: [Change]
  /// Rows that would be added to, changed in or taken from each table.
  public let tables: [TableCount]

  /// One column of one row.
  public struct Change: Sendable, Hashable {
    /// Such as `balances A@W1`.
    public let row: String
    /// Such as `reserved`.
    public let column: String
    /// Nil where the row would be new, or the value is NULL.
    public let before: String?
    /// Nil where the row would be gone, or the value is NULL.
    public let after: String?
  }

  /// What happens to one table.
  public struct TableCount: Sendable, Hashable {
    /// Its name.
    public let table: String
    /// Rows added.
    public let inserted: Int64
    /// Rows changed.
    public let updated: Int64
    /// Rows taken away.
    public let deleted: Int64
  }
}

extension DeadLetterDesk {
  /// Runs a dead letter through the pipeline of its own handler in a transaction that is rolled back.
  ///
  /// It takes the locks that the worker would take, for as long as that takes, and holds them a moment longer while it
  /// looks at the result. Numbers drawn from sequences are not given back, which nobody notices.
  ///
  /// - Parameters:
  ///   - record: Which, in any state.
  ///   - edits: Corrections, as path and new value.
  ///   - handler: That of the record's consumer.
  /// - Throws: ``Malformed`` where it would not be replayed at all; ``PostgresError`` where the role lacks the worker's
  ///   rights, or the database is away.
  public func rehearse<Domain: Handler>(
    _ record: DeadLetterRecord, edits: [(path: String, value: String)], handler: Domain
  ) throws -> Rehearsal {
    // A role without a right to read the inbox's attempts is no worker: the pipeline will say so.
    let replay = try Replay(of: record, edits: edits, after: record.attempt, at: try DatabaseClock.read(on: database))
    let looker = try RehearsalLook(replay.row, on: database)
    let before = try looker.rows()
    let recorder = RehearsalRecorder()
    let events = EventList()
    let counts = RehearsalCounts(on: database)
    let pipeline = Pipeline(Watched(handler, events), observer: recorder, rehearsing: counts.begin)
    defer { try? database.recover() }
    try pipeline.process([replay.delivery], on: database, broker: recorder)
    let entry = recorder.report?.entries.first
    return Rehearsal(
      outcome: entry?.outcome, why: entry?.why ?? recorder.rejection, attempt: replay.attempt, edits: replay.editsJSON,
      events: entry?.outcome == .applied ? events.all : [], ledger: try looker.ledger(messageID: replay.row.messageID),
      changes: RehearsalLook.changes(from: before, to: try looker.rows()), tables: try counts.sinceBegin())
  }
}

/// In the broker's place: keeps what the pipeline says.
private final class RehearsalRecorder: Broker, PipelineObserver {
  private(set) var report: BatchReport?
  private(set) var rejection: String?

  func acknowledge(through tag: UInt64) throws {}
  func reject(_ tag: UInt64) throws {}
  func serve() throws {}

  func settled(_ report: BatchReport) { self.report = report }
  func repeated(after error: any Error) {}
  func halved(_ size: Int, because reason: String) {}
  func rejected(_ delivery: Delivery, because reason: String) { rejection = reason }
}

/// The events of one attempt; a repeated attempt begins anew.
private final class EventList {
  var all: [OutgoingEvent] = []
}

/// A handler whose events are listened to.
private struct Watched<Domain: Handler>: Handler {
  private let handler: Domain
  // A rehearsal lives on one lane, as every pipeline does.
  private nonisolated(unsafe) let events: EventList

  init(_ handler: Domain, _ events: EventList) {
    self.handler = handler
    self.events = events
  }

  var manifest: WorkerManifest { handler.manifest }

  func prepare(_ messages: [Message], approach: Approach, on database: Connection) throws -> Domain.State {
    events.all = []
    return try handler.prepare(messages, approach: approach, on: database)
  }

  func sendLocks(_ state: Domain.State, on database: Connection) throws {
    try handler.sendLocks(state, on: database)
  }

  func receiveLocks(_ state: Domain.State, on database: Connection) throws {
    try handler.receiveLocks(state, on: database)
  }

  func locked(_ state: Domain.State, at now: Timestamp, on database: Connection) throws {
    try handler.locked(state, at: now, on: database)
  }

  func decide(_ message: Message, in state: Domain.State, at now: Timestamp) -> Disposition {
    let disposition = handler.decide(message, in: state, at: now)
    if case .applied(let following) = disposition { events.all += following }
    return disposition
  }

  func conclude(_ state: Domain.State, at now: Timestamp) -> [OutgoingEvent] {
    let following = handler.conclude(state, at: now)
    events.all += following
    return following
  }

  func write(_ state: Domain.State, to writes: inout WriteSet) throws { try handler.write(state, to: &writes) }
}
