import Contracts
import Logging
import Messaging
import Metrics
import Observability
import Postgres

/// Turns what the pipeline does into metrics and log lines; one per lane.
final class PipelineReporter: PipelineObserver {
  private let consumer: String
  private let logger: Logger
  private var counters: [String: Counter] = [:]
  /// What was counted last: most messages of a batch are of one type and end alike.
  private var last: (type: String, outcome: Outcome, counter: Counter)?
  private var deadLetters: [String: Counter] = [:]
  private let batchSize: Recorder
  private let batchSeconds: Timer
  private let databaseSeconds: Timer
  private let retries: Counter
  private let halvings: Counter
  private let repeats: Counter
  private let rejections: Counter

  init(consumer: String, logger: Logger) {
    self.consumer = consumer
    self.logger = logger
    batchSize = MetricName.batchSize.histogram(consumer)
    batchSeconds = MetricName.batchSeconds.timer(consumer)
    databaseSeconds = MetricName.databaseSeconds.timer(consumer)
    retries = MetricName.retries.counter(consumer)
    halvings = MetricName.batchHalvings.counter(consumer)
    repeats = MetricName.batchRepeats.counter(consumer)
    rejections = MetricName.rejected.counter(consumer)
    // From the start: who looks for an increase does not see the first one of what was not there.
    for kind in BatchReport.deadLetterKinds { _ = deadLetterCounter(kind) }
  }

  func settled(_ report: BatchReport) {
    batchSize.record(report.entries.count)
    batchSeconds.record(duration: report.totalTime)
    databaseSeconds.record(duration: report.databaseTime)
    let isVerbose = logger.logLevel <= .debug
    for entry in report.entries {
      counter(type: entry.type, outcome: entry.outcome).increment()
      switch entry.outcome {
      case .applied, .unchanged, .duplicate: if isVerbose { log(.debug, entry) }
      case .retried:
        retries.increment()
        log(.info, entry)
      case .deadLettered:
        deadLetterCounter(entry.deadLetterKind ?? "").increment()
        log(.warning, entry)
      }
    }
  }

  /// A wait for a lock that somebody keeps comes to light in the log before anything else shows it.
  func repeated(after error: any Error) {
    repeats.increment()
    guard let error = error as? PostgresError, error.sqlState == .lockNotAvailable else { return }
    logger.warning(
      "a batch waited in vain for a lock that somebody else holds, and begins anew",
      metadata: [LogKey.reason: .string("\(error)")])
  }

  func halved(_ size: Int, because reason: String) {
    halvings.increment()
    logger.warning(
      "a batch failed and is halved",
      metadata: [LogKey.batchSize: .stringConvertible(size), LogKey.reason: .string(reason)])
  }

  func rejected(_ delivery: Delivery, because reason: String) {
    rejections.increment()
    logger.error(
      "a message went to the broker's dead letters: its record could not be written",
      metadata: [LogKey.messageID: .string(delivery.messageID ?? ""), LogKey.reason: .string(reason)])
  }

  private func log(_ level: Logger.Level, _ entry: BatchReport.Entry) {
    guard logger.logLevel <= level else { return }
    var metadata: Logger.Metadata = [
      LogKey.messageID: .string(entry.messageID), LogKey.type: .string(entry.type),
      LogKey.outcome: .string(entry.outcome.rawValue),
    ]
    if let correlation = entry.correlationID { metadata[LogKey.correlationID] = .string(correlation) }
    if let why = entry.why { metadata[LogKey.reason] = .string(why) }
    logger.log(level: level, "message \(entry.outcome.rawValue)", metadata: metadata)
  }

  private func deadLetterCounter(_ kind: String) -> Counter {
    if let counter = deadLetters[kind] { return counter }
    let counter = MetricName.deadLetters.counter(consumer, kind)
    deadLetters[kind] = counter
    return counter
  }

  private func counter(type: String, outcome: Outcome) -> Counter {
    if let last, last.type == type, last.outcome == outcome { return last.counter }
    let counter = findCounter(type: type, outcome: outcome)
    last = (type, outcome, counter)
    return counter
  }

  private func findCounter(type: String, outcome: Outcome) -> Counter {
    // An unreadable message's key may be anything: it must not become a label of its own.
    let known = EventType(rawValue: type)?.rawValue ?? "unknown"
    let key = "\(known)/\(outcome.rawValue)"
    if let counter = counters[key] { return counter }
    let counter = MetricName.messages.counter(consumer, known, outcome.rawValue)
    counters[key] = counter
    return counter
  }
}
