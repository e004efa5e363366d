/// Every metric of Tallyman, each once: its name, kind, unit, labels and meaning stand in this file and nowhere else.
public enum MetricName: CaseIterable, Sendable {
  /// Messages settled.
  case messages
  /// Messages in a batch.
  case batchSize
  /// Duration of a batch.
  case batchSeconds
  /// Duration of a batch's database part.
  case databaseSeconds
  /// Batches halved.
  case batchHalvings
  /// Transactions run again.
  case batchRepeats
  /// Dead letters written.
  case deadLetters
  /// Messages sent to a retry tier.
  case retries
  /// Messages rejected to the broker's dead-letter exchange.
  case rejected
  /// Whether a lane waits for infrastructure.
  case lanePaused
  /// Connections opened anew.
  case laneReconnects
  /// Outbox rows not yet confirmed.
  case outboxWaiting
  /// Age of the oldest outbox row.
  case outboxOldestSeconds
  /// Deleted outbox rows that are not removed yet.
  case outboxDeadRows
  /// How long another session's transaction has kept deleted rows from being removed.
  case oldestTransactionSeconds
  /// Outbox rows confirmed by the broker.
  case outboxPublished
  /// Publishes returned as unroutable.
  case outboxReturned
  /// Publishes the broker refused.
  case outboxNacked
  /// Shards a relay owns.
  case relayShards
  /// Notification attempts.
  case deliveries
  /// Duration of a notification attempt.
  case deliverySeconds
  /// Resident memory of the process.
  case residentMemory
  /// Processor time of the process.
  case processorSeconds
  /// Constant 1 with the version as a label.
  case build

  /// What stands in the table about this metric.
  public var definition: MetricDefinition {
    switch self {
    case .messages: .messages
    case .batchSize: .batchSize
    case .batchSeconds: .batchSeconds
    case .databaseSeconds: .databaseSeconds
    case .batchHalvings: .batchHalvings
    case .batchRepeats: .batchRepeats
    case .deadLetters: .deadLetters
    case .retries: .retries
    case .rejected: .rejected
    case .lanePaused: .lanePaused
    case .laneReconnects: .laneReconnects
    case .outboxWaiting: .outboxWaiting
    case .outboxOldestSeconds: .outboxOldestSeconds
    case .outboxDeadRows: .outboxDeadRows
    case .oldestTransactionSeconds: .oldestTransactionSeconds
    case .outboxPublished: .outboxPublished
    case .outboxReturned: .outboxReturned
    case .outboxNacked: .outboxNacked
    case .relayShards: .relayShards
    case .deliveries: .deliveries
    case .deliverySeconds: .deliverySeconds
    case .residentMemory: .residentMemory
    case .processorSeconds: .processorSeconds
    case .build: .build
    }
  }

  /// The table by name, for the registry.
  static let byName: [String: MetricDefinition] = Dictionary(
    allCases.map { ($0.definition.name, $0.definition) }, uniquingKeysWith: { first, _ in first })
}

extension MetricDefinition {
  fileprivate static func counter(_ name: String, _ unit: String, _ labels: [String], _ help: String) -> Self {
    Self(name: name, kind: .counter, unit: unit, labels: labels, help: help)
  }

  fileprivate static func gauge(_ name: String, _ unit: String, _ labels: [String], _ help: String) -> Self {
    Self(name: name, kind: .gauge, unit: unit, labels: labels, help: help)
  }

  fileprivate static func histogram(
    _ name: String, _ unit: String, _ labels: [String], _ buckets: [Double], _ help: String
  ) -> Self {
    Self(name: name, kind: .histogram, unit: unit, labels: labels, buckets: buckets, help: help)
  }
}

/// Messages.
extension MetricDefinition {
  fileprivate static let messages = counter(
    "tallyman_messages_total", "messages", ["consumer", "type", "outcome"],
    "Messages settled, by consumer, event type and outcome.")

  fileprivate static let deadLetters = counter(
    "tallyman_dead_letters_total", "messages", ["consumer", "kind"],
    "Dead letters written: malformed, refused by a rule, exhausted after the last retry tier, crashed where workers "
      + "died of it, or undelivered.")

  fileprivate static let retries = counter(
    "tallyman_retries_total", "messages", ["consumer"], "Messages sent to a retry tier.")

  fileprivate static let rejected = counter(
    "tallyman_rejected_total", "messages", ["consumer"],
    "Messages rejected to the broker's dead-letter exchange because not even their record could be written.")
}

/// Batches.
extension MetricDefinition {
  fileprivate static let batchSize = histogram(
    "tallyman_batch_size", "messages", ["consumer"], Buckets.sizes, "Messages that were settled by one transaction."
  )

  fileprivate static let batchSeconds = histogram(
    "tallyman_batch_seconds", "seconds", ["consumer"], Buckets.seconds,
    "Time from a batch's messages in hand to their acknowledgement.")

  fileprivate static let databaseSeconds = histogram(
    "tallyman_database_seconds", "seconds", ["consumer"], Buckets.seconds,
    "Time that a batch's transaction took, its repetitions included.")

  fileprivate static let batchHalvings = counter(
    "tallyman_batch_halvings_total", "batches", ["consumer"],
    "Batches rolled back and halved to find the message that made them fail.")

  fileprivate static let batchRepeats = counter(
    "tallyman_batch_repeats_total", "transactions", ["consumer"],
    "Transactions run again after a deadlock, a lock time-out, a race for a key or rows not foreseen.")
}

/// The process and its lanes.
extension MetricDefinition {
  fileprivate static let lanePaused = gauge(
    "tallyman_lane_paused", "boolean", ["lane"],
    "1 while the lane waits for the database or the broker to come back, otherwise 0.")

  fileprivate static let laneReconnects = counter(
    "tallyman_lane_reconnects_total", "connections", ["kind"],
    "Connections opened anew, to the broker or the database: after a loss, or once what a lane gave back has left it.")

  fileprivate static let residentMemory = gauge(
    "process_resident_memory_bytes", "bytes", [], "Resident memory of the process.")

  fileprivate static let processorSeconds = counter(
    "process_cpu_seconds_total", "seconds", [], "User and system time of the process.")

  fileprivate static let build = gauge(
    "tallyman_build_info", "boolean", ["executable", "version"], "Always 1; the labels say what runs.")
}

/// The outbox and its relays.
extension MetricDefinition {
  fileprivate static let outboxWaiting = gauge(
    "tallyman_outbox_waiting", "messages", [], "Messages of the outbox that the broker has not confirmed yet.")

  fileprivate static let outboxOldestSeconds = gauge(
    "tallyman_outbox_oldest_seconds", "seconds", [], "Age of the oldest message that waits, 0 when none does.")

  fileprivate static let outboxDeadRows = gauge(
    "tallyman_outbox_dead_rows", "rows", [],
    "Deleted outbox rows that vacuum has not removed yet, as PostgreSQL estimates.")

  fileprivate static let oldestTransactionSeconds = gauge(
    "tallyman_oldest_transaction_seconds", "seconds", [],
    "How long the oldest transaction of another session has been open, as far as it was watched; while it is, "
      + "deleted rows cannot be removed.")

  fileprivate static let outboxPublished = counter(
    "tallyman_outbox_published_total", "messages", [], "Messages confirmed by the broker and settled.")

  fileprivate static let outboxReturned = counter(
    "tallyman_outbox_returned_total", "messages", [],
    "Messages returned as unroutable, not confirmed in time, or not possible to publish; they are tried again.")

  fileprivate static let outboxNacked = counter(
    "tallyman_outbox_nacked_total", "messages", [], "Messages that the broker refused; they are tried again.")

  fileprivate static let relayShards = gauge(
    "tallyman_relay_shards", "shards", [], "Shards of the outbox that this relay owns.")
}

/// Mails and webhooks.
extension MetricDefinition {
  fileprivate static let deliveries = counter(
    "tallyman_deliveries_total", "deliveries", ["channel", "outcome"],
    "Attempts to send a mail or a webhook, by channel and outcome.")

  fileprivate static let deliverySeconds = histogram(
    "tallyman_delivery_seconds", "seconds", ["channel"], Buckets.seconds,
    "Time that an attempt to send a mail or a webhook took.")
}
