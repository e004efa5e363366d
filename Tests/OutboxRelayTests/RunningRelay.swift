import AMQP
import Lanes
import OutboxRelay
import Postgres
import Synchronization

/// A relay on a lane of its own, as its executable runs it: connects again after every failure.
final class RunningRelay: Sendable {
  /// What it did so far.
  struct Record: Sendable {
    var published = 0
    var failed = 0
    var connections = 0
    var isBlocked = false
    var shards: [Int16] = []
    var errors: [String] = []
  }

  private let lane = Lane(name: "relay")
  private let record = Mutex(Record())
  private let isStopping = Atomic<Bool>(false)
  private let done = Mutex<Task<Void, Never>?>(nil)

  /// Starts it.
  init(
    _ site: RelaySite, name: String = "relay", limits: RelayLimits = RelayLimits(pollInterval: .milliseconds(20)),
    tcpUserTimeout: Duration = .seconds(15), held backoff: Backoff? = nil
  ) {
    var options = ConnectionOptions(conninfo: site.conninfo, applicationName: name)
    options.settings = ["search_path": "tallyman", "plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"]
    let database = options
    let broker = BrokerOptions(
      uri: site.broker.uri(vhost: site.vhost), connectionName: name, tcpUserTimeout: tcpUserTimeout)
    let task = Task {
      try? await lane.run {
        let suspicion = backoff.map { Suspicion(backoff: $0, exchangeBackoff: $0) }
        self.work(database, broker, limits, suspicion ?? Suspicion())
      }
      lane.stop()
    }
    done.withLock { $0 = task }
  }

  var now: Record { record.withLock { $0 } }

  /// Finishes what it has in hand and closes the connections.
  func stop() async {
    isStopping.store(true, ordering: .releasing)
    await done.withLock { $0 }?.value
  }

  private var stopping: Bool { isStopping.load(ordering: .acquiring) }

  private func work(
    _ database: ConnectionOptions, _ broker: BrokerOptions, _ limits: RelayLimits, _ suspicion: Suspicion
  ) {
    while !stopping {
      do {
        try session(database, broker, limits, suspicion)
      } catch {
        record.withLock {
          $0.shards = []
          $0.errors.append("\(error)")
        }
        Lane.pause(for: .milliseconds(100))
      }
    }
    record.withLock { $0.shards = [] }
  }

  private func session(
    _ database: ConnectionOptions, _ broker: BrokerOptions, _ limits: RelayLimits, _ suspicion: Suspicion
  ) throws {
    let database = try Postgres.Connection(database)
    defer { database.close() }
    let connection = try AMQP.Connection(broker)
    defer { connection.close() }
    let relay = try Relay(database: database, broker: connection, limits: limits, suspicion: suspicion)
    record.withLock { $0.connections += 1 }
    var nextBalance = ContinuousClock.now
    while !stopping {
      if ContinuousClock.now >= nextBalance {
        _ = try relay.balance()
        nextBalance = ContinuousClock.now + .milliseconds(200)
      }
      let report = try relay.turn()
      record.withLock {
        $0.published += report.published
        $0.failed += report.failed
        $0.shards = relay.shards
        $0.isBlocked = connection.isBlocked
      }
      if report.isIdle { try relay.wait() }
    }
    try relay.finish()
  }
}
