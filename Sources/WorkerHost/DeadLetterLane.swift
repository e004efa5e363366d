import AMQP
import Lanes
import Logging
import Messaging
import Metrics
import Observability
import Postgres
import ServiceLifecycle

/// What a worker does for its dead letters besides writing them, on a lane of its own.
///
/// ```
/// <queue>.undelivered ─▶ record + outbox row of the copy, COMMIT ─▶ ack          (what the broker gave up)
/// <queue>.dead        ─▶ ack those whose record is resolved, give the rest back  (when there are any)
/// ```
///
/// Both are idempotent, so that it may run in as many processes as there are.
final class DeadLetterLane {
  private let context: LaneContext
  private let manifest: WorkerManifest
  private let intake: Intake
  private let written: Counter

  init(_ context: LaneContext, for manifest: WorkerManifest) {
    self.context = context
    self.manifest = manifest
    intake = Intake(for: manifest)
    written = MetricName.deadLetters.counter(manifest.consumer, "undelivered")
  }

  func run() throws {
    try context.keepConnected("the lane of the dead letters", session: session) { error in
      let reason = StartRefusal(error, queue: manifest.undeliveredQueue)?.description ?? "\(error)"
      let isDatabase = error is PostgresError || error is any UnfitDatabase
      context.readiness.fail(
        isDatabase ? .database(lane: context.name) : .consumer(lane: context.name), because: reason)
      return reason
    }
    context.readiness.retire(lane: context.name)
  }

  private func session(onConsuming: () -> Void) throws {
    let database = try context.connectDatabase()
    defer { database.close() }
    let connection = try context.connectBroker()
    defer { connection.close() }
    _ = try connection.declareQueuePassively(manifest.deadQueue)
    let consumer = try Consumer(connection, queue: manifest.undeliveredQueue, prefetch: 100)
    context.readiness.ok(.database(lane: context.name))
    context.readiness.ok(.consumer(lane: context.name))
    onConsuming()
    var nextLook = ContinuousClock.now
    var patience = Backoff(initial: .seconds(2), maximum: .seconds(60))
    while !context.stop.isRaised, !consumer.hasGivenBack {
      context.beat()
      let deliveries = try consumer.take(upTo: 100, bytes: BrokerLink.mostBytes, waiting: .milliseconds(250))
      if !deliveries.isEmpty { try take(deliveries, from: consumer, on: database) }
      guard ContinuousClock.now >= nextLook else { continue }
      if try removeCopies(on: database, serving: consumer) { patience.reset() }
      nextLook = ContinuousClock.now + patience.next()
    }
  }

  // MARK: What the broker gave up

  private func take(_ deliveries: [AMQP.Delivery], from consumer: Consumer, on database: Postgres.Connection) throws {
    let result = try intake.record(deliveries.map(Undelivered.init), on: database)
    written.increment(by: result.written)
    let refused = Set(result.refused)
    for delivery in deliveries {
      if refused.contains(delivery.tag) {
        // The broker keeps it in <queue>.dead: without a record, but not lost.
        context.logger.error(
          "a message has no record: it lies in the dead-letter queue",
          metadata: [
            LogKey.queue: .string(manifest.deadQueue), LogKey.messageID: .string(delivery.properties.messageID ?? ""),
          ])
        try consumer.reject(delivery.tag, requeue: false)
      } else {
        try consumer.ack(delivery.tag, multiple: false)
      }
    }
    context.logger.warning(
      "the broker gave messages up: they are dead letters now",
      metadata: [
        LogKey.queue: .string(manifest.undeliveredQueue), LogKey.batchSize: .stringConvertible(deliveries.count),
      ])
  }

  // MARK: Copies of what is resolved

  /// - Returns: Whether there is nothing left to look for.
  private func removeCopies(on database: Postgres.Connection, serving consumer: Consumer) throws -> Bool {
    let copies = DeadLetterCopies(of: manifest.queue, on: database)
    guard try !copies.pending().isEmpty else { return true }
    guard try copies.lock() else { return false }
    defer { try? copies.unlock() }
    return try CopyRemoval(context, queue: manifest.deadQueue, copies) {
      // What arrives meanwhile has to fit into memory; the next session takes it.
      if try !consumer.serve(holding: BrokerLink.mostBytes) { try consumer.giveBack() }
    }.run()
  }
}

extension Undelivered {
  /// What the broker noted about the way of a message is in `x-death`, its last step first.
  init(_ delivery: AMQP.Delivery) {
    var step: [String: HeaderValue] = [:]
    if case .array(let steps)? = delivery.properties.headers["x-death"], case .table(let first)? = steps.first {
      step = first
    }
    var key = delivery.routingKey
    if case .array(let keys)? = step["routing-keys"], let first = keys.first?.string { key = first }
    let arrived = Messaging.Delivery(delivery)
    self.init(
      Messaging.Delivery(
        tag: arrived.tag, body: arrived.body, routingKey: key, messageID: arrived.messageID,
        contentType: arrived.contentType, redelivered: arrived.redelivered, headers: arrived.headers),
      isRejected: step["reason"]?.string == "rejected")
  }
}

extension WorkerProcess {
  /// The lane that records what the broker gave up, and takes away the copies of what is resolved.
  ///
  /// - Parameter manifest: The worker's own.
  public func deadLetters(of manifest: WorkerManifest) -> any Service {
    LaneService(name: "dead-letters", process: self, expecting: [.database, .consumer]) { context in
      try DeadLetterLane(context, for: manifest).run()
    }
  }
}
