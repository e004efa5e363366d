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
  private let suspects: Suspects<Domain>
  private let paused: Meter
  private var database: Postgres.Connection?
  private var databaseReconnects = Reconnects("database")
  /// The lanes of a process are filled in this order: while one has room, those behind it stay idle. At low load that
  /// makes one batch of what would otherwise be several small ones in each other's way; at high load all are full.
  private let place: Int

  init(_ context: LaneContext, handler: Domain, place: Int) {
    self.context = context
    self.place = place
    self.handler = handler
    reporter = PipelineReporter(consumer: handler.manifest.consumer, logger: context.logger)
    pipeline = Pipeline(handler, observer: reporter)
    suspects = Suspects(pipeline, consumer: handler.manifest.consumer)
    paused = MetricName.lanePaused.gauge(context.name)
  }

  /// Works until the stop signal; every failure is answered by waiting and connecting again.
  ///
  /// - Throws: ``StartRefusal`` when the broker's topology contradicts the manifest at the first connection.
  func run() throws {
    var reconnects = Reconnects("broker")
    try context.keepConnected("the lane") { hasConnected in
      try session {
        reconnects.connected()
        paused.set(0)
        hasConnected()
      }
    } lost: { error in
      let refusal = StartRefusal(error, queue: handler.manifest.queue)
      if !reconnects.hasConnected, let refusal { throw refusal }
      paused.set(1)
      // While it runs, a queue that is gone comes back when somebody imports the topology: the lane waits for that.
      let isGone = if case AMQPError.channelClosed(404, _)? = error as? AMQPError { true } else { false }
      let reason = isGone ? "the queue is gone, and with it what it held: \(refusal?.description ?? "")" : "\(error)"
      context.readiness.fail(.consumer(lane: context.name), because: reason)
      return reason
    }
    if let database, database.isUsable { try? suspects.forgive(on: database) }
    context.readiness.retire(lane: context.name)
  }

  // MARK: One broker connection

  private func session(onConsuming: () -> Void) throws {
    try connectDatabase(serving: nil)
    let connection = try context.connectBroker()
    defer { connection.close() }
    _ = try connection.declareQueuePassively(handler.manifest.queue)
    let consumer = try Consumer(
      connection, queue: handler.manifest.queue, prefetch: context.settings.prefetch, priority: -place)
    let link = BrokerLink(consumer, context)
    context.readiness.ok(.consumer(lane: context.name))
    context.logger.info("the lane consumes", metadata: [LogKey.queue: .string(handler.manifest.queue)])
    onConsuming()
    var nextLook = ContinuousClock.now
    while !context.stop.isRaised, link.isConsuming {
      context.beat()
      let deliveries = try link.take(upTo: context.settings.batch, waiting: .milliseconds(250))
      if deliveries.isEmpty, ContinuousClock.now >= nextLook {
        try lookAtDatabase(link)
        nextLook = ContinuousClock.now + .seconds(2)
      }
      try settle(deliveries, link)
    }
    try link.finish()
  }

  /// Settles deliveries, however long the database takes to come back: nothing is acknowledged or given up meanwhile.
  private func settle(_ deliveries: [Messaging.Delivery], _ link: BrokerLink) throws {
    var left = deliveries
    var backoff = Backoff(initial: .milliseconds(100), maximum: .seconds(5))
    var limit = context.settings.batch
    while !left.isEmpty {
      do {
        guard let database, database.isUsable else { throw LostDatabase() }
        let standings = try suspects.standings(of: left, on: database)
        for portion in Portion.split(left, standings, limit: limit) {
          guard try process(portion, on: database, link), !context.stop.isRaised else { return }
          context.readiness.ok(.database(lane: context.name))
        }
        return
      } catch let error as PostgresError {
        // What was too much work for the time limits must not be too much for ever.
        limit = max(1, limit / (error.category == .cancelled ? 8 : 2))
        try pause(because: "\(error)", for: backoff.next(), link)
      } catch let error as LostDatabase {
        try pause(because: "\(error)", for: backoff.next(), link)
      }
      if context.stop.isRaised { return }
      left.removeAll { $0.tag <= link.settledThrough }
    }
  }

  /// Processes what shares a transaction.
  ///
  /// - Returns: False if the process is to stop before that began.
  private func process(_ portion: Portion, on database: Postgres.Connection, _ link: BrokerLink) throws -> Bool {
    guard portion.areRedelivered else {
      return try context.work(serving: link) {
        try pipeline.process(Array(portion.deliveries), on: database, broker: link)
      } != nil
    }
    guard portion.deaths > 0 else {
      return try context.work(serving: link) { try suspects.process(portion, on: database, broker: link) } != nil
    }
    context.logger.warning(
      "all other lanes stand still while a message is handled: a worker may have died of it",
      metadata: [
        LogKey.messageID: .string(portion.deliveries.first?.messageID ?? ""),
        LogKey.attempt: .stringConvertible(portion.deaths),
      ])
    return try context.workAlone(serving: link) {
      try suspects.process(portion, on: database, broker: link)
    } != nil
  }

  private struct LostDatabase: Error, CustomStringConvertible {
    var description: String { "the connection to the database is lost" }
  }

  /// A lane without work would not notice that its database is gone, and would call itself ready.
  private func lookAtDatabase(_ link: BrokerLink) throws {
    do {
      guard let database, database.isUsable else { throw LostDatabase() }
      try ReadOnlyDatabase.check(database)
      context.readiness.ok(.database(lane: context.name))
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
    letDatabaseGo()
    try context.wait(wait, servingOrThrowing: link)
    try connectDatabase(serving: link)
    paused.set(0)
  }

  /// Whatever ends the connection, the process has not died of what it was at: while that can be said it is said. A
  /// stop that finds the lane in a pause would otherwise look like a death, to all that was redelivered.
  private func letDatabaseGo() {
    if let database, database.isUsable {
      try? database.recover()
      try? suspects.forgive(on: database)
      database.close()
    }
    database = nil
  }

  /// Connects, waiting as long as it takes, and serves the broker's heartbeat meanwhile.
  ///
  /// After a pause the lane is ready again when something has succeeded, and not yet when the server answers: a
  /// database that is full does.
  private func connectDatabase(serving link: BrokerLink?) throws {
    var backoff = Backoff(initial: .milliseconds(200), maximum: .seconds(5))
    while !context.stop.isRaised {
      context.beat()
      if let database, database.isUsable {
        if link == nil { context.readiness.ok(.database(lane: context.name)) }
        return
      }
      do {
        database = try context.connectDatabase()
        databaseReconnects.connected()
      } catch let error as PostgresError {
        context.readiness.fail(.database(lane: context.name), because: "\(error)")
        context.logger.warning("the database does not answer", metadata: [LogKey.error: .string("\(error)")])
      } catch let error as UnfitDatabase {
        context.readiness.fail(.database(lane: context.name), because: "\(error)")
        context.logger.warning("the database cannot be used", metadata: [LogKey.error: .string("\(error)")])
      }
      guard database == nil else { continue }
      paused.set(1)
      try context.wait(backoff.next(), servingOrThrowing: link)
    }
  }
}
