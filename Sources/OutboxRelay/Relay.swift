import AMQP
import Contracts
import Lanes
import Outbox
import Postgres

/// Rows ▶ confirmed publishes ▶ settled rows: the only publisher.
///
/// Works in rounds on one lane. A round takes rows of the owned shards, publishes them persistent and mandatory, at
/// most one unconfirmed message per aggregate, and settles each on its confirm. A message that is refused or returned
/// stays, and holds back the later ones of its aggregate, so that no event ever overtakes an earlier one of its
/// aggregate. What dies with a relay is published again by the next owner: a suffix repeats, nothing is reordered or
/// lost.
public final class Relay {
  private let outbox: OutboxQueue
  private let publisher: Publisher
  private let database: Postgres.Connection
  private let limits: RelayLimits
  private var held: [Int64: Held] = [:]
  private let clock = ContinuousClock()
  /// Until then it looks for rows again and again, because lanes that woke it lately do not do it again.
  private var alertUntil = ContinuousClock.now

  /// An aggregate whose oldest message could not be published.
  private struct Held {
    let shard: Int16
    /// The oldest message's row. A later one must not be tried before it, however long ago it failed.
    var oldest: Int64
    var until: ContinuousClock.Instant
    var backoff: Backoff
  }

  /// - Parameters:
  ///   - database: The relay's own connection; its session holds the shards.
  ///   - publisher: On a broker connection of its own.
  ///   - limits: Sizes and times.
  public init(database: Postgres.Connection, publisher: Publisher, limits: RelayLimits) throws {
    self.database = database
    self.publisher = publisher
    self.limits = limits
    outbox = try OutboxQueue(database)
    try database.listen(OutboxStatements.channel)
  }

  /// Shards owned, for metrics and logs.
  public var shards: [Int16] { outbox.shards }

  /// Takes the fair share of the shards.
  ///
  /// - Returns: How many relays share the work.
  public func balance() throws -> Int {
    // Deleted before a shard changes hands, or its next owner would publish again what is confirmed already.
    try outbox.flush()
    outbox.lookBack()
    let relays = try outbox.balance()
    let mine = Set(outbox.shards)
    held = held.filter { mine.contains($0.value.shard) }
    return relays
  }

  /// Rows waiting and age of the oldest in milliseconds.
  public func backlog() throws -> (rows: Int64, oldestMilliseconds: Int64) { try outbox.backlog() }

  /// Waits until rows may be there, serving the broker's heartbeat.
  public func wait() throws {
    try publisher.connection.service()
    try outbox.finishDeletion()
    let isAlert = clock.now < alertUntil
    _ = try database.waitForNotification(
      upTo: isAlert ? min(RelayWakeUp.relayAlertInterval, limits.pollInterval) : limits.pollInterval)
  }

  /// One round.
  ///
  /// A broker that raises an alarm answers no confirm before the alarm is over: the round then waits for as long as
  /// that takes. Connecting anew would hand it the same messages again.
  ///
  /// - Parameter onWait: Called at least every 100 ms while confirms are awaited; what it throws ends the round.
  /// - Returns: What became of the rows taken.
  /// - Throws: ``PostgresError`` or ``AMQPError``: the connections are to be made anew. Rows published but not settled
  ///   are published again.
  public func round(onWait: () throws -> Void = {}) throws -> RelayReport {
    guard !publisher.connection.isBlocked else {
      try publisher.connection.service()
      Lane.pause(for: .milliseconds(50))
      return RelayReport()
    }
    let rows = try outbox.take(limits.batch)
    guard !rows.isEmpty else { return RelayReport() }
    alertUntil = clock.now + RelayWakeUp.relayAlertTime
    var round = Round(rows, isHeld: { isHeld($0) })
    round.mayBeMore = !outbox.isAtEnd
    var deadline = clock.now + limits.confirmTimeout
    let patience = clock.now + limits.chainTime
    repeat {
      try publishReady(&round)
      try onWait()
      if publisher.connection.isBlocked { deadline = clock.now + limits.confirmTimeout }
      if clock.now > deadline { throw AMQPError.timedOut(operation: "waiting for publisher confirms") }
      // A long chain of one aggregate must not keep the others waiting: the rest of it comes in the next round.
      if clock.now > patience { round.stopChains() }
      for settlement in try publisher.settlements(waiting: .milliseconds(100)) { settle(settlement, &round) }
    } while publisher.unsettled > 0 || round.hasNext
    for row in round.left { outbox.giveBack(row) }
    return round.report
  }

  /// Deletes what was confirmed; before the connections are closed.
  public func finish() throws { try outbox.flush() }

  private func publishReady(_ round: inout Round) throws {
    guard round.hasNext, publisher.unsettled < limits.window else { return }
    try publisher.together {
      while publisher.unsettled < limits.window, let row = round.next() { try publish(row, &round) }
    }
  }

  private func publish(_ row: WaitingRow, _ round: inout Round) throws {
    do {
      let sequence = try publisher.publish(
        exchange: row.exchange, routingKey: row.routingKey, properties: try Relay.properties(of: row), body: row.body)
      round.published(row, as: sequence)
    } catch AMQPError.blocked {
      round.block(row)
    } catch AMQPError.invalidMessage(let detail) {
      refuse(row, because: detail, &round)
    } catch let error as Malformed {
      refuse(row, because: "its headers cannot be read: \(error)", &round)
    }
  }

  /// A row that cannot be published at all stays for an operator to see, and holds up its own aggregate only.
  private func refuse(_ row: WaitingRow, because why: String, _ round: inout Round) {
    hold(row)
    round.refused(row, because: why)
  }

  private func settle(_ settlement: Settlement, _ round: inout Round) {
    guard let row = round.settled(settlement) else { return }
    switch settlement.outcome {
    case .confirmed:
      if let entry = held[row.aggregate], row.id >= entry.oldest {
        held[row.aggregate] = nil
        outbox.rewind(behind: row)
      }
      outbox.settle(row)
    case .nacked, .returned: hold(row)
    }
  }

  private func hold(_ row: WaitingRow) {
    var entry =
      held[row.aggregate] ?? Held(shard: row.shard, oldest: row.id, until: clock.now, backoff: limits.holdBackoff)
    entry.oldest = row.id
    entry.until = clock.now + entry.backoff.next()
    held[row.aggregate] = entry
  }

  /// Whether an aggregate has to wait, told by the first of its rows in this round.
  ///
  /// The round may begin behind the row that failed: then it waits, although its time has come. Only a round that
  /// begins with the shard knows better: there, a failed row that is not met any more was removed by somebody.
  private func isHeld(_ row: WaitingRow) -> Bool {
    guard let entry = held[row.aggregate] else { return false }
    if entry.until > clock.now { return true }
    return row.id > entry.oldest && !outbox.wasTakenFromStart(row.shard)
  }

  private static func properties(of row: WaitingRow) throws -> Properties {
    var properties = Properties()
    properties.messageID = row.messageID
    properties.contentType = row.contentType.isEmpty ? nil : row.contentType
    properties.persistent = true
    properties.appID = "tallyman"
    if let headers = row.headers {
      // Headers travel in one frame, 128 KiB at most; a longer one would cost the connection, again and again.
      guard headers.utf8.count <= 120_000 else {
        throw AMQPError.invalidMessage(detail: "its headers have \(headers.utf8.count) bytes")
      }
      properties.headers = try HeaderText.decode(headers).mapValues { value in
        switch value {
        case .string(let text): .string(text)
        case .int(let number): .int(number)
        }
      }
    }
    return properties
  }
}
