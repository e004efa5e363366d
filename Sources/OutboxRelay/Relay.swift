import AMQP
import Contracts
import Lanes
import Outbox
import Postgres

/// Rows ▶ confirmed publishes ▶ settled rows: the only publisher.
///
/// Works in rounds on one lane. A round takes rows of the owned shards, publishes them persistent and mandatory, at most
/// one unconfirmed message per aggregate, and settles each on its confirm. A message that is refused or returned stays,
/// and holds back the later ones of its aggregate, so that no event ever overtakes an earlier one of its aggregate.
/// What dies with a relay is published again by the next owner: a suffix repeats, nothing is reordered or lost.
public final class Relay {
  private let outbox: OutboxQueue
  private let publisher: Publisher
  private let database: Postgres.Connection
  private let limits: RelayLimits
  private var held: [Int64: Held] = [:]
  private let clock = ContinuousClock()

  /// An aggregate whose oldest message could not be published.
  private struct Held {
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
    outbox.resetFloors()
    return try outbox.balance()
  }

  /// Rows waiting and age of the oldest in milliseconds.
  public func backlog() throws -> (rows: Int64, oldestMilliseconds: Int64) { try outbox.backlog() }

  /// Waits until rows may be there, serving the broker's heartbeat.
  public func wait() throws {
    try publisher.connection.service()
    _ = try database.waitForNotification(upTo: limits.pollInterval)
  }

  /// One round.
  ///
  /// - Returns: What became of the rows taken; nothing taken means that nothing (publishable) waits.
  /// - Throws: ``PostgresError`` or ``AMQPError``: the connections are to be made anew. Rows published but not settled
  ///   are published again.
  public func round() throws -> RelayReport {
    guard !publisher.connection.isBlocked else {
      try publisher.connection.service()
      Lane.pause(for: .milliseconds(50))
      return RelayReport()
    }
    let rows = try outbox.take(limits.batch)
    guard !rows.isEmpty else { return RelayReport() }
    var round = Round(rows, isHeld: { isHeld($0) })
    let deadline = clock.now + limits.confirmTimeout
    let patience = clock.now + limits.chainTime
    repeat {
      while publisher.unsettled < limits.window, let row = round.next() { try publish(row, &round) }
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

  private func publish(_ row: WaitingRow, _ round: inout Round) throws {
    do {
      let sequence = try publisher.publish(
        exchange: row.exchange, routingKey: row.routingKey, properties: try Relay.properties(of: row), body: row.body)
      round.published(row, as: sequence)
    } catch AMQPError.blocked {
      round.block(row)
    }
  }

  private func settle(_ settlement: Settlement, _ round: inout Round) {
    guard let row = round.settled(settlement) else { return }
    switch settlement.outcome {
    case .confirmed:
      held[row.aggregate] = nil
      outbox.settle(row)
    case .nacked, .returned:
      var entry = held[row.aggregate] ?? Held(until: clock.now, backoff: limits.holdBackoff)
      entry.until = clock.now + entry.backoff.next()
      held[row.aggregate] = entry
    }
  }

  private func isHeld(_ aggregate: Int64) -> Bool {
    guard let entry = held[aggregate] else { return false }
    return entry.until > clock.now
  }

  private static func properties(of row: WaitingRow) throws -> Properties {
    var properties = Properties()
    properties.messageID = row.messageID
    properties.contentType = row.contentType.isEmpty ? nil : row.contentType
    properties.persistent = true
    properties.appID = "tallyman"
    if let headers = row.headers {
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
