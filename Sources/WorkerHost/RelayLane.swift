import AMQP
import Lanes
import Logging
import Metrics
import Observability
import OutboxRelay
import Postgres

/// The relay's loop: connect, share the shards, publish in turns; after any failure both connections are made anew.
final class RelayLane {
  private let context: LaneContext
  private let limits: RelayLimits
  private let suspicion = Suspicion()
  private let published = MetricName.outboxPublished.counter()
  private let returned = MetricName.outboxReturned.counter()
  private let nacked = MetricName.outboxNacked.counter()
  private let shards = MetricName.relayShards.gauge()
  /// How long what is due besides publishing waits for a moment without messages, lest one wait for it.
  private static let deferral = Duration.seconds(1)

  init(_ context: LaneContext, settings: RelaySettings) {
    self.context = context
    limits = RelayLimits(batch: settings.batch, pollInterval: settings.pollInterval)
  }

  func run() throws {
    var reconnects = Reconnects("relay")
    try context.keepConnected("the relay") { hasConnected in
      try session {
        reconnects.connected()
        hasConnected()
      }
    } lost: { error in
      context.readiness.fail(.relay, because: "\(error)")
      // The session held them.
      shards.set(0)
      return "\(error)"
    }
    context.readiness.retire(lane: context.name)
  }

  private func session(onRelaying: () -> Void) throws {
    let database = try context.connectDatabase()
    defer { database.close() }
    let connection = try context.connectBroker()
    defer { connection.close() }
    let relay = try Relay(database: database, broker: connection, limits: limits, suspicion: suspicion)
    context.readiness.ok(.database(lane: context.name))
    context.readiness.ok(.relay)
    context.logger.info("the relay publishes")
    onRelaying()
    var nextBalance = ContinuousClock.now - RelayLane.deferral
    var isIdle = false
    while !context.stop.isRaised {
      context.beat()
      let due = ContinuousClock.now - (isIdle ? .zero : RelayLane.deferral)
      // Its connection answers one question at a time, and the relay's own may take long.
      if due >= nextBalance, !relay.isAsking {
        _ = try relay.balance()
        // After it: a deletion may be on its way until then, and a connection answers one question at a time.
        try ReadOnlyDatabase.check(database)
        shards.set(relay.shards.count)
        nextBalance = ContinuousClock.now + .seconds(1)
      } else if isIdle {
        try relay.wait()
      }
      let report = try relay.turn()
      observe(report)
      show(blocked: connection.isBlocked, slow: relay.askingTime > .seconds(5))
      isIdle = report.isIdle
    }
    observe(try relay.finish())
    shards.set(0)
  }

  private func show(blocked: Bool, slow: Bool) {
    if blocked {
      context.readiness.fail(.relay, because: "the broker blocks publishers (memory or disk alarm)")
    } else if slow {
      context.readiness.fail(.relay, because: "the database takes long to find what waits in the outbox")
    } else {
      context.readiness.ok(.relay)
    }
  }

  private func observe(_ report: RelayReport) {
    if report.published > 0 { published.increment(by: report.published) }
    if report.nacked > 0 { nacked.increment(by: report.nacked) }
    if report.failed > report.nacked { returned.increment(by: report.failed - report.nacked) }
    for failure in report.failures {
      context.logger.warning(
        "a message could not be published and is tried again",
        metadata: [
          LogKey.messageID: .string(failure.messageID), LogKey.type: .string(failure.routingKey),
          LogKey.reason: .string(failure.why),
        ])
    }
  }
}
