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
  let brokerOptions: BrokerOptions
  let databaseOptions: ConnectionOptions
  let readiness: Readiness
  let stop: StopSignal
  let logger: Logger

  init(_ name: String, _ process: WorkerProcess) {
    self.name = name
    settings = process.settings.worker
    let fullName = "\(process.settings.executable.rawValue)/\(name)"
    brokerOptions = process.settings.broker.options(name: "\(fullName)@\(HostName.current)")
    databaseOptions = process.settings.database.options(name: fullName)
    readiness = process.readiness
    stop = process.stop
    var logger = process.logger
    logger[metadataKey: LogKey.lane] = .string(name)
    self.logger = logger
  }

  /// Shows that the lane moves.
  func beat() { readiness.beat(lane: name) }

  /// Connects to the database and checks that its schema is new enough for this build.
  func connectDatabase() throws -> Postgres.Connection {
    let connection = try Postgres.Connection(databaseOptions)
    do {
      try SchemaTooOld.check(connection)
    } catch {
      connection.close()
      throw error
    }
    readiness.ok(.database(lane: name))
    readiness.ok(.schema)
    return connection
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
      try link?.serve()
      Lane.pause(for: min(.milliseconds(100), end - ContinuousClock.now))
    }
  }
}

/// The database has not been migrated far enough for this build; it may be a moment later.
struct SchemaTooOld: Error, CustomStringConvertible {
  let current: Int
  let required: Int

  var description: String {
    "the database's schema is at version \(current), this build needs at least \(required): run `tallyman migrate`"
  }

  static func check(_ connection: Postgres.Connection) throws {
    let current = try Migrator(connection).currentVersion()
    guard current < Migrations.required else { return }
    throw SchemaTooOld(current: current, required: Migrations.required)
  }
}

/// The broker contradicts what the worker was built for: starting makes no sense before somebody mends it.
public struct StartRefusal: Error, CustomStringConvertible {
  /// What is wrong and what to do.
  public let description: String

  init?(_ error: any Error, queue: String) {
    guard case AMQPError.channelClosed(let code, let text)? = error as? AMQPError else { return nil }
    switch code {
    case 404:
      description = """
        the broker has no queue \(queue) (\(text)): import the topology that this build needs, \
        `tallyman topology > definitions.json` and `rabbitmqctl import_definitions definitions.json`
        """
    case 403:
      description = """
        the broker's user may not consume from \(queue) (\(text)): compare with `tallyman topology --check`
        """
    case 406:
      description = "queue \(queue) was declared differently (\(text)): compare with `tallyman topology --check`"
    default: return nil
    }
  }
}
