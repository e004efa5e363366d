import AMQP
import Contracts
import Lanes
import Outbox
import Postgres

/// Rows ▶ confirmed publishes ▶ settled rows: the only publisher. A row holds one message or many.
///
/// Works in turns on one lane: while the broker answers for some messages, the next are published and the next rows are
/// fetched. Messages are persistent and mandatory, at most one of an aggregate is unconfirmed, and each is settled on
/// its confirm. A message that is refused or returned stays, and holds back the later ones of its aggregate, so that no
/// event ever overtakes an earlier one of its aggregate. What dies with a relay is published again by the next owner: a
/// suffix repeats, nothing is reordered or lost.
public final class Relay {
  private let outbox: OutboxQueue
  private let publisher: Publisher
  private let database: Postgres.Connection
  private let limits: RelayLimits
  private var flow = Flow()
  private var held: HeldAggregates
  private let suspicion: Suspicion
  private var silence: Silence
  /// Whether a message under suspicion is under way, or waits for being alone: nothing else is published then.
  private var isIsolating = false
  private let clock = ContinuousClock()
  /// Until then it looks for rows again and again, because lanes that woke it lately do not do it again.
  private var alertUntil = ContinuousClock.now
  /// Whether the broker has answered for anything on this connection. Under an alarm it says so to who publishes first,
  /// and reads nothing more: a whole window would lie in the network then, and be there twice should that break.
  private var hasBeenAnswered = false
  /// When no alarm can be expected any more, although nothing was answered for.
  private var opening: ContinuousClock.Instant?
  /// What was answered for while shards were given up; the next turn tells.
  private var untold = RelayReport()
  /// Not before this it asks again, after an answer that reached the end, while confirms are awaited.
  private var nextQuestion = ContinuousClock.now
  /// The broker routes a channel's messages one after the other: from two it takes a quarter more.
  private static let channels = 2
  /// For each message of that answer, at least and at most. A question reads over all rows that are in hand: fewer of
  /// them, for more rows each, cost the database less.
  private static let pausePerMessage = Duration.microseconds(150)
  private static let shortestPause = Duration.milliseconds(20)
  private static let longestPause = Duration.milliseconds(60)
  /// How long it waits for the database before it looks at the broker.
  private static let slice = Duration.milliseconds(100)
  /// How long it publishes nothing when it has to give up shards; what is then still under way keeps them.
  private static let handOverTime = Duration.seconds(3)
  /// An alarm is told to who publishes first at once.
  private static let openingTime = Duration.seconds(1)
  /// How long is held what goes where nothing is answered, before it is looked at again.
  private static let silencePause = Duration.seconds(2)

  /// - Parameters:
  ///   - database: The relay's own connection; its session holds the shards.
  ///   - broker: A connection of its own, to publish over.
  ///   - limits: Sizes and times.
  ///   - suspicion: What earlier relays of this process learned about messages that end the connection.
  public init(
    database: Postgres.Connection, broker: AMQP.Connection, limits: RelayLimits, suspicion: Suspicion = Suspicion()
  ) throws {
    self.database = database
    self.suspicion = suspicion
    silence = Silence(limit: limits.confirmTimeout, after: suspicion.silent)
    publisher = try Publisher(broker, channels: Relay.channels)
    self.limits = limits
    held = HeldAggregates(backoff: limits.holdBackoff)
    outbox = try OutboxQueue(database)
    try database.listen(OutboxStatements.channel)
  }

  /// Bytes of the bodies that it keeps in memory.
  var bytesInHand: Int { flow.bytes }

  /// Shards owned, for metrics and logs.
  public var shards: [Int16] { outbox.shards }

  /// Takes the fair share of the shards, and looks back where that is due.
  ///
  /// - Returns: How many relays share the work.
  public func balance() throws -> Int {
    let relays = try outbox.balance { lost in
      // Nothing is published meanwhile. Only then they are let go: of a shard that is kept after all, what was let go
      // would be read again behind what comes after it.
      try suspecting { try awaitConfirms(upTo: min(limits.confirmTimeout, Relay.handOverTime)) }
      guard !publisher.connection.isBlocked, !flow.hasUnderWay(of: lost) else { return false }
      letGo(of: flow.drop(shards: lost))
      return true
    }
    outbox.lookBack(every: limits.lookBackInterval)
    held.keep(shards: Set(outbox.shards))
    return relays
  }

  /// Whether the database is at work on a question of the relay's. Whoever wants to know something else waits until it
  /// is not: that is so between two turns as soon as the answer has come.
  public var isAsking: Bool { outbox.isAsking }

  /// For how long it has been.
  public var askingTime: Duration { outbox.askingTime }

  /// Serves the broker's heartbeat, then waits until rows may be there, for the poll interval at most.
  public func wait() throws {
    try publisher.connection.service()
    try outbox.settleDown()
    let isAlert = clock.now < alertUntil
    _ = try database.waitForNotification(
      upTo: isAlert ? min(RelayWakeUp.relayAlertInterval, limits.pollInterval) : limits.pollInterval)
  }

  /// One turn: fetches, publishes and settles what can be without waiting, then waits for the broker for a moment.
  ///
  /// A broker that raises an alarm answers no confirm before the alarm is over; what it has waits for as long as that
  /// takes. Connecting anew would hand it the same messages again.
  ///
  /// - Returns: What became of rows in this turn.
  /// - Throws: ``PostgresError`` or ``AMQPError``: the connections are to be made anew. Rows published but not settled
  ///   are published again.
  public func turn() throws -> RelayReport { try suspecting { try work() } }

  /// Takes note of what was under way if the broker ends the channel meanwhile.
  private func suspecting<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as AMQPError {
      suspicion.silent = silence.addresses
      suspicion.note(error, underWay: Array(flow.underWay.values))
      throw error
    }
  }

  private func work() throws -> RelayReport {
    var report = untold
    untold = RelayReport()
    if publisher.connection.isBlocked {
      // The server gives up a session whose answer nobody takes.
      if outbox.isAsking, try outbox.hasAnswer() { try receiveRows(&report) }
      try settleAnswers(waiting: .milliseconds(50), &report)
      return report
    }
    try askIfDue()
    try publishReady(&report)
    // With nothing on its way to the broker there is nothing better to wait for, for a moment at a time: an answer may
    // take minutes, the broker's heartbeat may not.
    if outbox.isAsking, try outbox.hasAnswer(waiting: publisher.isAwaited ? .zero : Relay.slice) {
      try receiveRows(&report)
      try publishReady(&report)
    }
    try settleAnswers(waiting: patience, &report)
    // One that owns no shard has nothing to ask for.
    let isDry = outbox.isAtEnd || outbox.shards.isEmpty
    report.isIdle = flow.isEmpty && isDry && !outbox.isAsking && report.published == 0
    return report
  }

  /// Waits for what is on its way to the broker, for a moment, and deletes what was confirmed; before the connections
  /// are closed.
  ///
  /// - Returns: What became of rows meanwhile.
  @discardableResult
  public func finish() throws -> RelayReport {
    letGo(of: flow.drop(shards: outbox.shards))
    try awaitConfirms(upTo: .seconds(2))
    try outbox.withdraw()
    try outbox.flush()
    return untold
  }

  private func letGo(of messages: [WaitingMessage]) {
    for message in messages where outbox.release(message) { flow.rowIsDone(message.id) }
  }

  // MARK: Rows

  /// Asks for more when what is in hand will soon have left, from the shards that have brought the least.
  ///
  /// After an answer that reached the end there is little to be had. While the broker owes confirms more rows gather,
  /// and whoever writes them needs the database more: fewer, larger portions cost everybody less.
  private func askIfDue() throws {
    guard !outbox.isAsking, flow.readyCount < limits.window, flow.bytes < limits.bytes else { return }
    if outbox.isAtEnd, publisher.unsettled > 0, clock.now < nextQuestion { return }
    let shards = outbox.shards
    let perShard = max(16, limits.batch / max(1, shards.count))
    let open = shards.filter { flow.load(of: $0) < perShard }
    if !open.isEmpty { try outbox.ask(open, perShard: perShard, bytes: limits.bytes) }
  }

  private func receiveRows(_ report: inout RelayReport) throws {
    let messages = try outbox.receive().messages
    let pause = min(max(Relay.pausePerMessage * messages.count, Relay.shortestPause), Relay.longestPause)
    let now = clock.now
    nextQuestion = now + pause
    let waiting = flow.add(messages, isHeld: { held.isHeld($0, at: now, isGone: outbox.isGone(_:from:)) })
    if messages.count > waiting.count { alertUntil = now + RelayWakeUp.relayAlertTime }
    letGo(of: waiting)
    report.held += waiting.count
  }

  /// How long to wait for the broker: not at all while more can be published, for a moment while rows may come.
  private var patience: Duration {
    if flow.readyCount > 0, hasRoom { return .zero }
    return flow.readyCount < limits.window ? Relay.shortestPause : .milliseconds(100)
  }

  // MARK: Messages

  private var window: Int { hasBeenAnswered ? limits.window : 1 }

  private var hasRoom: Bool { publisher.unsettled < (isIsolating ? 1 : window) }

  private func publishReady(_ report: inout RelayReport) throws {
    if publisher.unsettled == 0 { isIsolating = false } else if !hasBeenAnswered { observeOpening() }
    guard flow.readyCount > 0, hasRoom else { return }
    try publisher.together {
      while hasRoom, let message = flow.next() {
        guard try publish(message, &report) else { return }
      }
    }
  }

  /// Whoever has not been answered on this connection need not wait for that for ever: it may be that one message.
  private func observeOpening() {
    let now = clock.now
    guard let opening else { return self.opening = now + Relay.openingTime }
    if now >= opening { hasBeenAnswered = true }
  }

  /// - Returns: Whether the broker takes more.
  private func publish(_ message: WaitingMessage, _ report: inout RelayReport) throws -> Bool {
    if message.isUnreadable {
      hold(message, because: "its row claims to hold several messages and cannot be read", &report)
      return true
    }
    if !silence.isEmpty, !mayWait(message, &report) { return true }
    if !suspicion.isEmpty, !mayTry(message, &report) { return !isIsolating }
    do {
      let sequence = try publisher.publish(
        exchange: message.exchange, routingKey: message.routingKey, properties: try Properties(of: message),
        body: message.body)
      flow.published(message, as: sequence)
    } catch AMQPError.blocked {
      flow.putBack(message)
      return false
    } catch AMQPError.invalidMessage(let detail) {
      hold(message, because: detail, &report)
    } catch let error as Malformed {
      hold(message, because: "its headers cannot be read: \(error)", &report)
    }
    return true
  }

  /// Whether a message may be published and waited for, as far as nothing was answered where it goes. One that was
  /// given up and confirmed after all is settled.
  private func mayWait(_ message: WaitingMessage, _ report: inout RelayReport) -> Bool {
    if silence.takeConfirmed(message) {
      confirm(message, &report)
      return false
    }
    if silence.mayTry(message) { return true }
    hold(message, until: clock.now + Relay.silencePause, because: nil, &report)
    return false
  }

  /// Whether the broker may get a message now, as far as it is suspected of ending the connection: one that did waits
  /// for its time, and one that may have waits until nothing else is under way.
  private func mayTry(_ message: WaitingMessage, _ report: inout RelayReport) -> Bool {
    if let verdict = suspicion.verdict(on: message) {
      hold(message, until: verdict.until, because: verdict.why, &report)
      return false
    }
    guard suspicion.isSuspect(message) else { return true }
    isIsolating = true
    if publisher.unsettled == 0 { return true }
    flow.putBack(message)
    return false
  }

  private func settleAnswers(waiting: Duration, _ report: inout RelayReport) throws {
    guard publisher.isAwaited else {
      if publisher.connection.isBlocked { Lane.pause(for: waiting) }
      return try publisher.connection.service()
    }
    let settlements = try publisher.settlements(waiting: waiting)
    if !settlements.isEmpty { hasBeenAnswered = true }
    for settlement in settlements { settle(settlement, &report) }
    if publisher.connection.isBlocked {
      silence.restart()
      opening = nil
    } else {
      try giveUpOverdue(&report)
    }
  }

  /// What is not answered for in time holds up nobody else.
  ///
  /// - Throws: When the broker has answered for nothing for some time: then it is the connection.
  private func giveUpOverdue(_ report: inout RelayReport) throws {
    let overdue = silence.overdue(flow.underWay)
    if overdue.isEmpty { return }
    guard !silence.isDeaf() else { throw AMQPError.timedOut(operation: "waiting for publisher confirms") }
    silence.giveUp(overdue)
    for (sequence, message) in overdue {
      publisher.stopAwaiting(sequence)
      _ = flow.answered(sequence)
      hold(
        message, until: clock.now + Relay.silencePause,
        because: "not confirmed within \(limits.confirmTimeout): a queue that it goes to may have no majority", &report)
    }
  }

  /// Waits until nothing is on its way to the broker, unless it is blocked.
  private func awaitConfirms(upTo limit: Duration) throws {
    let end = clock.now + limit
    while publisher.isAwaited, !publisher.connection.isBlocked, clock.now < end {
      try settleAnswers(waiting: .milliseconds(100), &untold)
    }
  }

  private func settle(_ settlement: Settlement, _ report: inout RelayReport) {
    guard let message = flow.answered(settlement.sequence) else { return settleLate(settlement) }
    silence.heard(message)
    if !suspicion.isEmpty { suspicion.clear(message) }
    switch settlement.outcome {
    case .confirmed: confirm(message, &report)
    case .nacked:
      report.nacked += 1
      hold(message, because: "refused by the broker", &report)
    case .returned(let code, let text): hold(message, because: "returned: \(code) \(text)", &report)
    }
  }

  private func confirm(_ message: WaitingMessage, _ report: inout RelayReport) {
    if held.hasLeft(message) { outbox.rewind(behind: message) }
    report.published += 1
    let isRowDone = outbox.settle(message)
    flow.finish(message, isRowDone: isRowDone)
  }

  /// The answer for a message that was given up: it is held, and is read again with the next look back.
  private func settleLate(_ settlement: Settlement) {
    guard let message = silence.answered(settlement.sequence, isConfirmed: settlement.outcome == .confirmed) else {
      return
    }
    held.mayTry(message, at: clock.now)
  }

  /// A message that could not be published stays, and holds up its own aggregate only.
  ///
  /// - Parameters:
  ///   - until: Until when, if that is known.
  ///   - why: Nil if that has been told.
  private func hold(
    _ message: WaitingMessage, until: ContinuousClock.Instant? = nil, because why: String?, _ report: inout RelayReport
  ) {
    if let why { report.fail(message, why) }
    let dropped = flow.drop(message)
    letGo(of: dropped)
    report.held += max(0, dropped.count - 1)
    held.hold(message, until: until, at: clock.now)
  }
}
