import Contracts
import Lanes
import Outbox
import Postgres

/// A message's whole way through a worker.
///
/// ```
/// take ─▶ decode ─▶ prepare ─▶ BEGIN ─▶ claim ─▶ lock ─▶ decide ─▶ write state + ledger + outbox ─▶ COMMIT ─▶ ack
///                      ▲                                                         │
///                      └──── unique violation, deadlock, missing row: again ◀────┤
///                      ┌──── the data is at fault: halve ◀───────────────────────┘
/// ```
///
/// One instance serves one lane: it lives on the lane's thread together with that lane's database connection. Nothing
/// is acknowledged before the transaction that carries all of its effects has committed. An infrastructure failure
/// leaves through `throw`; the deliveries stay unacknowledged and no attempt is used up.
public final class Pipeline<Domain: Handler> {
  let handler: Domain
  let observer: any PipelineObserver
  let wakeUp = RelayWakeUp()
  private let rehearsing: (() throws -> Void)?
  private var clock = LaneClock()
  private var slowness = Slowness()

  /// - Parameters:
  ///   - handler: The domain's part.
  ///   - observer: Is told about batches and outcomes, for metrics and logs.
  ///   - rehearsing: If given, everything is done but the COMMIT: the transaction is left open for the caller to look
  ///     at and to roll back. Called at the start of each transaction: only the last one counts.
  public init(_ handler: Domain, observer: any PipelineObserver, rehearsing: (() throws -> Void)? = nil) {
    self.handler = handler
    self.observer = observer
    self.rehearsing = rehearsing
  }

  /// Settles every delivery: applied, unchanged, duplicate, retried or dead-lettered, and acknowledged.
  ///
  /// - Parameters:
  ///   - deliveries: In arrival order; a contiguous run of the channel's delivery tags.
  ///   - database: The lane's connection, idle.
  ///   - broker: Settles the deliveries.
  /// - Throws: ``PostgresError`` of the infrastructure category or the broker's error: the lane pauses.
  public func process(_ deliveries: [Delivery], on database: Connection, broker: some Broker) throws {
    let began = ContinuousClock.now
    let batch = deliveries.map(Decoded.init)  // decode
    var pending = Array(Inbox.split(batch).reversed())
    while let part = pending.popLast() {
      guard let last = part.last else { continue }
      do {
        var report = try transact(part, on: database, broker)  // prepare, begin, claim, lock, decide, write, commit
        report.totalTime = ContinuousClock.now - began
        // Before the acknowledgement: what is committed has happened, whether the broker still hears of it or not.
        observer.settled(report)
        try broker.acknowledge(through: last.delivery.tag)  // ack
      } catch let error as DataFault {
        try isolate(part, error, since: began, pending: &pending, on: database, broker: broker)
      }
    }
  }

  // MARK: One transaction, repeated while others are in its way

  private func transact(
    _ part: ArraySlice<Decoded>, on database: Connection, _ broker: some Broker
  ) throws -> BatchReport {
    let began = ContinuousClock.now
    var obstacles = Obstacles()
    var approach: Approach = part.contains { $0.wantsCare } ? .careful : .optimistic
    while true {
      let met: any Error
      do {
        var report = try attempt(part, approach, on: database)
        report.databaseTime = ContinuousClock.now - began
        return report
      } catch let error as PostgresError {
        try database.recover(from: error)
        switch Remedy(for: error) {
        case .lookCarefully: approach = .careful
        case .repeatWhole: break
        case .halve: throw DataFault(error)
        case .pause:
          if slowness.isEnough(error, part) { throw DataFault(tooSlow: error) }
          throw error
        }
        try obstacles.meet(error, serving: broker)
        met = error
      } catch let error as NeedsMoreRows {
        try database.recover(from: error)
        // Whatever keeps it from being complete, it must not take its neighbours along for ever.
        do { try obstacles.meet(error, serving: broker) } catch let error as NeedsMoreRows { throw DataFault(error) }
        met = error
      } catch let error as WriteMismatch {
        try database.recover(from: error)
        throw DataFault(error)
      } catch {
        try database.recover(from: error)
        throw error
      }
      observer.repeated(after: met)
    }
  }

  private func attempt(_ part: ArraySlice<Decoded>, _ approach: Approach, on database: Connection) throws -> BatchReport
  {
    if let rehearsing {
      try database.begin()  // what `prepare` adds on its own is to be undone as well
      try rehearsing()
    }
    var inbox = Inbox(of: handler.manifest)
    if approach == .careful { try inbox.load(part.compactMap(\.message), on: database) }
    let admissions = inbox.admit(part, at: try clock.read(on: database))
    // What is refused for its own sake prepares nothing: the location that it registers does not exist.
    let state = try handler.prepare(admissions.compactMap(\.claimed), approach: approach, on: database)
    let now = try lock(state, claiming: inbox, on: database)

    var settlement = Settlement(manifest: handler.manifest, now: now, inbox: inbox)
    for (item, admission) in zip(part, admissions) {
      settlement.settle(item, admission) { handler.decide($0, in: state, at: now) }
    }
    settlement.conclude(handler.conclude(state, at: now))

    var writes = WriteSet(on: database)
    try handler.write(state, to: &writes)
    let report = try settlement.send(to: &writes, waking: wakeUp)
    if rehearsing != nil { try writes.finish() } else { try writes.commit() }
    return report
  }

  /// One round trip: BEGIN, the claim, the locks in their global order, and the clock as the last question.
  ///
  /// Nobody waits for a claim with rows locked: of two lanes with the same message, one that claims before it locks and
  /// one that locks before it claims would wait for each other.
  private func lock(_ state: Domain.State, claiming inbox: Inbox, on database: Connection) throws -> Timestamp {
    try database.send(.begin)
    try inbox.sendClaim(on: database)
    try handler.sendLocks(state, on: database)
    try inbox.sendSecondLook(on: database)
    try DatabaseClock.send(on: database)
    try database.sync()
    _ = try database.receive()
    try inbox.receiveClaim(on: database)
    try handler.receiveLocks(state, on: database)
    try inbox.receiveSecondLook(on: database)
    let now = try DatabaseClock.receive(on: database)
    clock.set(now)
    try database.receiveSync()
    try handler.locked(state, at: now, on: database)
    return now
  }

  // MARK: A message that makes its batch fail

  /// Halves a failed batch until the guilty message stands alone; that one becomes a dead letter.
  private func isolate(
    _ part: ArraySlice<Decoded>, _ fault: DataFault, since began: ContinuousClock.Instant,
    pending: inout [ArraySlice<Decoded>], on database: Connection, broker: some Broker
  ) throws {
    try broker.serve()
    if part.count > 1 {
      observer.halved(part.count, because: fault.description)
      let middle = part.index(part.startIndex, offsetBy: part.count / 2)
      pending.append(part[middle...])
      pending.append(part[..<middle])
      return
    }
    guard let item = part.first else { return }
    do {
      let buried = ContinuousClock.now
      var report = try buryAlone(item, fault, on: database, broker)
      report.databaseTime = ContinuousClock.now - buried
      report.totalTime = ContinuousClock.now - began
      observer.settled(report)
      try broker.acknowledge(through: item.delivery.tag)
    } catch let error as DataFault {
      // Not even the record can be written: the broker's dead-letter exchange is the last place to keep it.
      observer.rejected(item.delivery, because: error.description)
      try broker.reject(item.delivery.tag)
    }
  }

  /// Buries a message; if the inbox refuses it, without an inbox row.
  private func buryAlone(
    _ item: Decoded, _ fault: DataFault, on database: Connection, _ broker: some Broker
  ) throws -> BatchReport {
    do {
      return try bury(item, fault, remembering: true, on: database, broker)
    } catch is DataFault {
      return try bury(item, fault, remembering: false, on: database, broker)
    }
  }

  /// Writes the dead letter of a message whose own transaction cannot commit.
  private func bury(
    _ item: Decoded, _ fault: DataFault, remembering: Bool, on database: Connection, _ broker: some Broker
  ) throws -> BatchReport {
    var obstacles = Obstacles()
    while true {
      let met: any Error
      do {
        return try attemptBurial(item, fault, remembering: remembering, on: database)
      } catch let error as PostgresError {
        try database.recover(from: error)
        switch Remedy(for: error) {
        case .lookCarefully, .repeatWhole:
          try obstacles.meet(error, serving: broker)
          met = error
        case .halve: throw DataFault(error)
        case .pause: throw error
        }
      } catch let error as WriteMismatch {
        try database.recover(from: error)
        throw DataFault(error)
      }
      observer.repeated(after: met)
    }
  }

  private func attemptBurial(
    _ item: Decoded, _ fault: DataFault, remembering: Bool, on database: Connection
  ) throws -> BatchReport {
    try database.begin()
    try rehearsing?()
    let now = try DatabaseClock.read(on: database)
    var inbox = Inbox(of: handler.manifest)
    try inbox.load([item.message].compactMap(\.self), on: database)
    var settlement = Settlement(manifest: handler.manifest, now: now, inbox: inbox)
    settlement.bury(item, because: fault.reason, remembering: remembering)
    var writes = WriteSet(on: database)
    let report = try settlement.send(to: &writes, waking: wakeUp)
    if rehearsing != nil { try writes.finish() } else { try writes.commit() }
    return report
  }
}
