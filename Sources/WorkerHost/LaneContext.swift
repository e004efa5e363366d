import AMQP
import Lanes
import Logging
import Observability
import Postgres
import Schema

/// What a lane needs to know and to tell.
struct LaneContext {
  /// Unique in the process, such as `lane-1`.
  let name: String
  let settings: WorkerSettings
  private let broker: BrokerSettings
  private let database: DatabaseSettings
  /// What servers call its connections.
  private let fullName: String
  let readiness: Readiness
  let stop: StopSignal
  /// Shared by all lanes of the process.
  let standstill: Standstill
  let logger: Logger

  init(_ name: String, _ process: WorkerProcess) {
    self.name = name
    settings = process.settings.worker
    fullName = "\(process.settings.executable.rawValue)/\(name)"
    broker = process.settings.broker
    database = process.settings.database
    readiness = process.readiness
    stop = process.stop
    standstill = process.standstill
    var logger = process.logger
    logger[metadataKey: LogKey.lane] = .string(name)
    self.logger = logger
  }

  /// Shows that the lane moves.
  func beat() { readiness.beat(lane: name) }

  /// Connects to the broker.
  ///
  /// - Throws: `AMQPError`.
  func connectBroker() throws -> AMQP.Connection {
    try AMQP.Connection(broker.options(name: "\(fullName)@\(HostName.current)"))
  }

  /// Connects to the database and checks that this build can work with it.
  ///
  /// - Throws: ``UnfitDatabase`` or a ``PostgresError``.
  func connectDatabase() throws -> Postgres.Connection {
    let connection = try Postgres.Connection(database.options(name: fullName))
    do {
      try ReadOnlyDatabase.check(connection)
      try SchemaTooOld.check(connection)
    } catch {
      connection.close()
      throw error
    }
    readiness.ok(.schema)
    return connection
  }

  // MARK: Connecting again

  /// Lets sessions follow one another until the stop signal; every failure is answered by waiting and connecting again.
  ///
  /// - Parameters:
  ///   - name: What connects again, for the log.
  ///   - session: Works on connections of its own, and says when it has them.
  ///   - lost: Told why a session ended; takes back the readiness and returns the reason for the log. What it throws
  ///     ends the lane.
  func keepConnected(
    _ name: String, session: (_ hasConnected: () -> Void) throws -> Void, lost: (any Error) throws -> String
  ) throws {
    var backoff = Backoff(initial: .milliseconds(200), maximum: .seconds(5))
    while !stop.isRaised {
      beat()
      do {
        try session { backoff.reset() }
      } catch {
        let reason = try lost(error)
        if stop.isRaised { break }
        logger.warning("\(name) connects again", metadata: [LogKey.error: .string(reason)])
        wait(backoff.next())
      }
    }
  }

  // MARK: Waiting, in slices: a stop signal is seen at once, a heartbeat is never late

  func wait(_ duration: Duration) {
    let end = ContinuousClock.now + duration
    while ContinuousClock.now < end, !stop.isRaised {
      beat()
      Lane.pause(for: min(.milliseconds(100), end - ContinuousClock.now))
    }
  }

  func wait(_ duration: Duration, servingOrThrowing link: BrokerLink?) throws {
    let end = ContinuousClock.now + duration
    while ContinuousClock.now < end, !stop.isRaised {
      beat()
      try link?.keepAlive()
      Lane.pause(for: min(.milliseconds(100), end - ContinuousClock.now))
    }
  }
}
