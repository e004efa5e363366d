import AMQP
import Lanes
import Logging
import Messaging
import Metrics
import Observability
import Postgres

/// One lane of a worker: a broker connection, a database connection and the pipeline between them, on one thread.
///
/// ```
/// connect ─▶ take ─▶ pipeline ─▶ take …        database fails: keep the deliveries, serve heartbeats, reconnect
///    ▲                                         broker fails:   drop them (the broker has them), reconnect
///    └─────────────── backoff ◀────────────────┘
/// ```
final class ConsumerLane<Domain: Handler> {
  private let context: LaneContext
  private let handler: Domain
  private let reporter: PipelineReporter
  private let pipeline: Pipeline<Domain>
  private let paused: Meter
  private var database: Postgres.Connection?
  /// The lanes of a process are filled in this order: while one has room, those behind it stay idle. At low load that
  /// makes one batch of what would otherwise be several small ones in each other's way; at high load all are full.
  private let place: Int

  init(_ context: LaneContext, handler: Domain, place: Int) {
    self.context = context
    self.place = place
    self.handler = handler
    reporter = PipelineReporter(consumer: handler.manifest.consumer, logger: context.logger)
    pipeline = Pipeline(handler, observer: reporter)
    paused = MetricName.lanePaused.gauge(context.name)
  }

  /// Works until the stop signal; every failure is answered by waiting and connecting again.
  ///
  /// - Throws: ``StartRefusal`` when the broker's topology contradicts the manifest at the first connection.
  func run() throws {
    var backoff = Backoff(initial: .milliseconds(200), maximum: .seconds(5))
    var hasConsumed = false
    while !context.stop.isRaised {
      context.beat()
      do {
        try session {
          hasConsumed = true; backoff.reset()
        }
      } catch {
        context.readiness.fail(.consumer(lane: context.name), because: "\(error)")
        if !hasConsumed, let refusal = StartRefusal(error, queue: handler.manifest.queue) { throw refusal }
        if context.stop.isRaised { break }
        context.logger.warning("the lane connects again", metadata: [LogKey.error: .string("\(error)")])
        MetricName.laneReconnects.counter("broker").increment()
        context.wait(backoff.next())
      }
    }
    context.readiness.retire(lane: context.name)
  }

  // MARK: One broker connection

  private func session(onConsuming: () -> Void) throws {
    try connectDatabase(serving: nil)
    let connection = try AMQP.Connection(context.brokerOptions)
    defer { connection.close() }
    _ = try connection.declareQueuePassively(handler.manifest.queue)
    let consumer = try Consumer(
      connection, queue: handler.manifest.queue, prefetch: context.settings.prefetch, priority: -place)
    let link = BrokerLink(consumer)
    context.readiness.ok(.consumer(lane: context.name))
    context.logger.info("the lane consumes", metadata: [LogKey.queue: .string(handler.manifest.queue)])
    onConsuming()
    var nextLook = ContinuousClock.now
    while !context.stop.isRaised {
      context.beat()
      let deliveries = try link.take(upTo: context.settings.batch, waiting: .milliseconds(250))
      if deliveries.isEmpty, ContinuousClock.now >= nextLook {
        try lookAtDatabase(link)
        nextLook = ContinuousClock.now + .seconds(2)
      }
      for group in BatchSizing.groups(deliveries, limit: context.settings.batch) {
        try settle(group, link)
        if context.stop.isRaised { return }
      }
    }
  }

  /// Settles deliveries, however long the database takes to come back: nothing is acknowledged or given up meanwhile.
  private func settle(_ deliveries: ArraySlice<Messaging.Delivery>, _ link: BrokerLink) throws {
    var left = Array(deliveries)
    var backoff = Backoff(initial: .milliseconds(100), maximum: .seconds(5))
    while !left.isEmpty {
      do {
        guard let database, database.isUsable else { throw LostDatabase() }
        try pipeline.process(left, on: database, broker: link)
        return
      } catch let error as PostgresError {
        try pause(because: "\(error)", for: backoff.next(), link)
      } catch is LostDatabase {
        try pause(because: "the connection is lost", for: backoff.next(), link)
      }
      if context.stop.isRaised { return }
      left.removeAll { $0.tag <= link.settledThrough }
    }
  }

  private struct LostDatabase: Error {}

  /// A lane without work would not notice that its database is gone, and would call itself ready.
  private func lookAtDatabase(_ link: BrokerLink) throws {
    do {
      guard let database, database.isUsable else { throw LostDatabase() }
      _ = try database.query(.ping)
    } catch {
      try pause(because: "\(error)", for: .milliseconds(100), link)
    }
  }

  // MARK: The database comes and goes

  private func pause(because reason: String, for wait: Duration, _ link: BrokerLink) throws {
    context.readiness.fail(.database(lane: context.name), because: reason)
    context.logger.warning(
      "the lane pauses: its messages wait, no attempt is used up", metadata: [LogKey.reason: .string(reason)])
    paused.set(1)
    defer { paused.set(0) }
    MetricName.laneReconnects.counter("database").increment()
    database?.close()
    database = nil
    try context.wait(wait, servingOrThrowing: link)
    try connectDatabase(serving: link)
  }

  /// Connects, waiting as long as it takes, and serves the broker's heartbeat meanwhile.
  private func connectDatabase(serving link: BrokerLink?) throws {
    var backoff = Backoff(initial: .milliseconds(200), maximum: .seconds(5))
    while !context.stop.isRaised {
      context.beat()
      if let database, database.isUsable {
        context.readiness.ok(.database(lane: context.name))
        return
      }
      do {
        database = try context.connectDatabase()
      } catch let error as PostgresError {
        context.readiness.fail(.database(lane: context.name), because: "\(error)")
        context.logger.warning("the database does not answer", metadata: [LogKey.error: .string("\(error)")])
      } catch let error as SchemaTooOld {
        context.readiness.fail(.database(lane: context.name), because: "\(error)")
        context.logger.warning("the schema is too old", metadata: [LogKey.error: .string("\(error)")])
      }
      if database == nil { try context.wait(backoff.next(), servingOrThrowing: link) }
    }
  }
}

/// How many redelivered messages share a transaction.
enum BatchSizing {
  /// Splits deliveries so that a message redelivered n times shares a transaction with at most limit / 4ⁿ others: one
  /// that kills the worker is soon alone.
  static func groups(_ deliveries: [Messaging.Delivery], limit: Int) -> [ArraySlice<Messaging.Delivery>] {
    var groups: [ArraySlice<Messaging.Delivery>] = []
    var start = 0
    var allowed = limit
    for (index, delivery) in deliveries.enumerated() {
      let own = max(1, limit >> min(2 * max(0, delivery.deliveryCount - 1), 62))
      if index > start, index - start + 1 > min(allowed, own) {
        groups.append(deliveries[start..<index])
        start = index
        allowed = limit
      }
      allowed = min(allowed, own)
    }
    if start < deliveries.count { groups.append(deliveries[start...]) }
    return groups
  }
}

extension Statement {
  fileprivate static let ping = Statement(name: "ping", sql: "select 1")
}
