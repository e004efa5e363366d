import Lanes
import Logging
import Messaging
import Metrics
import Observability
import Postgres
import ServiceLifecycle

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A worker process: settings, logs, metrics, health and the services that do the work.
///
/// An executable makes one, adds its services and runs it; what differs between the executables is only that.
public final class WorkerProcess: Sendable {
  /// What the environment says.
  public let settings: Settings
  /// Health.
  public let readiness: Readiness
  /// Logs.
  public let logger: Logger
  /// Raised when the process is to stop.
  public let stop = StopSignal()
  let registry = PrometheusRegistry()
  let standstill = Standstill()

  /// Reads the settings and starts logs and metrics. Ends the process with code 78 when a setting is wrong.
  ///
  /// - Parameter executable: Which one this is.
  public init(_ executable: Executable) {
    EndingSignals.endAtOnce()
    // Whoever reads the logs may go: then a line is lost, and not the worker.
    signal(SIGPIPE, SIG_IGN)
    FreedMemory.keep()
    do throws(SettingsError) {
      settings = try Settings(for: executable)
    } catch {
      Exit.refuse("\(error)")
    }
    logger = bootstrapLogging(settings.log, label: executable.rawValue)
    MetricsSystem.bootstrap(registry)
    registry.observeProcess(executable: executable.rawValue, version: Product.version)
    readiness = Readiness(expecting: [.schema], allowedSilence: settings.laneSilence)
    for variable in settings.ignoredVariables {
      logger.info("a variable of Kubernetes is ignored", metadata: [LogKey.setting: .string(variable)])
    }
    if let warning = settings.database.protectionWarning { logger.warning("\(warning)") }
  }

  // MARK: Services

  /// The lanes that consume this worker's queue.
  public func lanes<Domain: Handler>(_ handler: Domain) -> [any Service] {
    (1...settings.worker.lanes).map { number in
      LaneService(name: "lane-\(number)", process: self, expecting: [.database, .consumer]) { context in
        try ConsumerLane(context, handler: handler, place: number - 1).run()
      }
    }
  }

  /// The one publisher.
  public func relay() -> any Service {
    LaneService(name: "relay", process: self, expecting: [.database, .relay]) { context in
      try RelayLane(context, settings: self.settings.relay).run()
    }
  }

  /// Shows what waits for the relays.
  public func outboxGauges() -> any Service {
    let logger = logger
    return periodic("outbox-gauges") {
      let gauges = OutboxGauges(logger)
      return { database, _ in try gauges.turn(on: database) }
    }
  }

  /// A piece of work that is done again and again. It asks between its parts whether the process is to stop, which also
  /// shows that its lane moves; it returns how long to wait before the next one.
  public typealias Turn = (_ database: Postgres.Connection, _ isStopping: () -> Bool) throws -> Duration

  /// Work that is done again and again on a lane and a database connection of its own.
  ///
  /// - Parameters:
  ///   - name: Of the lane.
  ///   - make: Called once, on the lane: makes what a turn needs and returns the turn itself.
  public func periodic(
    _ name: String, _ make: @escaping @Sendable () throws -> Turn
  ) -> any Service {
    LaneService(name: name, process: self, expecting: [.database]) { context in
      PeriodicLane(context, try make()).run()
    }
  }

  /// Makes partitions ahead of time, says so when they run out, and drops the inbox's old ones.
  public func housekeeping() -> any Service {
    let housekeeping = Housekeeping(keepDays: settings.worker.inboxDays, readiness: readiness, logger: logger)
    return periodic("housekeeping") {
      { database, isStopping in try housekeeping.turn(on: database, isStopping: isStopping) }
    }
  }

  // MARK: Running

  /// Runs until SIGTERM or SIGINT and exits with 0 after the work in hand; a second signal or the deadline ends at
  /// once.
  public func run(_ services: [any Service]) async -> Never {
    let health = HealthServer(settings.http, readiness: readiness, registry: registry, logger: logger)
    let watch = ShutdownWatch(stop: stop, readiness: readiness, deadline: settings.shutdownDeadline, logger: logger)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        // Shut down from the last to the first: the watch raises the alarm, the health pages answer to the end.
        services: ([health] + services + [watch]).map {
          .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
        }, gracefulShutdownSignals: [.sigterm, .sigint], logger: quietLogger))
    logger.info("started", metadata: ["version": .string(Product.version)])
    do {
      try await group.run()
    } catch let refusal as StartRefusal {
      logger.critical("cannot start", metadata: [LogKey.reason: .string(refusal.description)])
      Exit.refuse(refusal.description)
    } catch {
      logger.critical("ended", metadata: [LogKey.error: .string("\(error)")])
      exit(1)
    }
    logger.info("stopped")
    exit(0)
  }

  private var quietLogger: Logger {
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    return quiet
  }
}

/// How a process ends that cannot start.
enum Exit {
  /// Prints the reason and ends with 78, "configuration error" of sysexits.h: restarting alone will not help.
  static func refuse(_ reason: String) -> Never {
    let line = Array((reason + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(78)
  }
}

extension WorkerProcess {
  /// Ends the process with code 78: a setting cannot work.
  ///
  /// - Parameter reason: What is wrong, without secrets.
  public func refuse(_ reason: String) -> Never { Exit.refuse(reason) }
}
