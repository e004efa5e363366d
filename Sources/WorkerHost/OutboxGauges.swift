import Logging
import Metrics
import Observability
import Outbox
import Postgres

/// Shows how much waits in the outbox, and which transaction keeps what was deleted from being removed.
final class OutboxGauges {
  private let logger: Logger
  private let waiting = MetricName.outboxWaiting.gauge()
  private let oldest = MetricName.outboxOldestSeconds.gauge()
  private let dead = MetricName.outboxDeadRows.gauge()
  private let transactionSeconds = MetricName.oldestTransactionSeconds.gauge()
  private var transactions = TransactionWatch()
  private var nextReminder = ContinuousClock.now
  private var hasToldOfSlowness = false

  init(_ logger: Logger) { self.logger = logger }

  /// Looks at the outbox as a whole. What takes too long keeps its last value.
  ///
  /// - Returns: When to look again: no more than a thirtieth of the time goes by with it.
  func turn(on database: Postgres.Connection) throws -> Duration {
    let start = ContinuousClock.now
    let outbox = OutboxWatch(database)
    var isSlow = false
    for look in [observeBacklog, observeTransactions] {
      do {
        try look(outbox)
      } catch let error as PostgresError where error.sqlState == .queryCanceled {
        isSlow = true
      }
    }
    if isSlow, !hasToldOfSlowness {
      logger.warning(
        "how much waits cannot be counted in time: the metrics keep their last values; deleted rows may be in the way")
    }
    hasToldOfSlowness = isSlow
    return max(.seconds(10), start.duration(to: .now) * 30)
  }

  private func observeBacklog(_ outbox: OutboxWatch) throws {
    let backlog = try outbox.backlog()
    waiting.set(Int(backlog.messages))
    oldest.set(Double(backlog.oldestMilliseconds) / 1000)
  }

  /// One that stays open makes every table that rows are deleted from grow, and reading it slower.
  private func observeTransactions(_ outbox: OutboxWatch) throws {
    let (transaction, deadRows) = try outbox.oldestTransaction()
    let time = transactions.observe(transaction)
    dead.set(Int(deadRows))
    transactionSeconds.set(time / .seconds(1))
    guard let transaction, time >= .seconds(60), ContinuousClock.now >= nextReminder else { return }
    nextReminder = ContinuousClock.now + .seconds(300)
    logger.warning(
      "a transaction that stays open keeps deleted rows from being removed: end it",
      metadata: [
        LogKey.session: .string("\(transaction.pid) of \(transaction.user) (\(transaction.application))"),
        LogKey.seconds: .stringConvertible(time.components.seconds),
        LogKey.rows: .stringConvertible(deadRows),
      ])
  }
}
