import Hummingbird
import Logging
import Observability
import ServiceLifecycle
import Synchronization

/// Serves `/health/live`, `/health/ready` and `/metrics`.
///
/// Starts before everything else, so that a worker that waits for its database can be asked why, and stops last, so
/// that it can be asked while it drains.
public struct HealthServer: Service {
  private let settings: HTTPSettings
  private let readiness: Readiness
  private let registry: PrometheusRegistry
  private let logger: Logger
  private let onBound: @Sendable (Int) async -> Void

  /// - Parameters:
  ///   - settings: Where to listen.
  ///   - readiness: What the health pages show.
  ///   - registry: What `/metrics` shows.
  ///   - logger: Gets a line with the port that was bound.
  ///   - onBound: Told the port that was bound.
  public init(
    _ settings: HTTPSettings, readiness: Readiness, registry: PrometheusRegistry, logger: Logger,
    onBound: @escaping @Sendable (Int) async -> Void = { _ in }
  ) {
    self.settings = settings
    self.readiness = readiness
    self.registry = registry
    self.logger = logger
    self.onBound = onBound
  }

  /// Listens until the service group shuts down.
  ///
  /// - Throws: ``UnboundAddress`` if the address cannot be bound.
  public func run() async throws {
    // Hummingbird's own lines (a server started, a connection reset by a prober) are not what an operator looks for.
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    let isBound = Flag()
    let application = Application(
      router: router(),
      configuration: ApplicationConfiguration(address: .hostname(settings.host, port: settings.port)),
      onServerRunning: { channel in
        isBound.raise()
        let port = channel.localAddress?.port ?? settings.port
        logger.info(
          "health and metrics listen",
          metadata: [LogKey.host: .string(settings.host), LogKey.port: .stringConvertible(port)])
        await onBound(port)
      },
      logger: quiet)
    do {
      try await application.run()
    } catch  where !isBound.isRaised {
      throw UnboundAddress(settings, error)
    }
  }

  /// Whether the address was bound, known on any thread.
  private final class Flag: Sendable {
    private let value = Atomic(false)
    var isRaised: Bool { value.load(ordering: .acquiring) }
    func raise() { value.store(true, ordering: .releasing) }
  }

  private func router() -> Router<BasicRequestContext> {
    let router = Router()
    router.get("/health/live") { _, _ in
      let page = readiness.livePage
      return Self.json(page.json, page.isLive)
    }
    router.get("/health/ready") { _, _ in
      let page = readiness.readyPage
      return Self.json(page.json, page.isReady)
    }
    router.get("/metrics") { _, _ in
      Self.response(.ok, PrometheusRegistry.contentType, registry.render())
    }
    return router
  }

  private static func json(_ text: String, _ isWell: Bool) -> Response {
    response(isWell ? .ok : .serviceUnavailable, "application/json", text + "\n")
  }

  private static func response(_ status: HTTPResponse.Status, _ contentType: String, _ text: String) -> Response {
    Response(
      status: status, headers: [.contentType: contentType, .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}

/// Nobody can ask the worker how it is: its address is taken, or is not this machine's.
struct UnboundAddress: Error, CustomStringConvertible {
  let description: String

  init(_ settings: HTTPSettings, _ error: any Error) {
    let (host, port) = (SettingsTable.httpHost.declaration.name, SettingsTable.httpPort.declaration.name)
    description = "cannot listen on \(host) = \(settings.host), \(port) = \(settings.port): \(error)"
  }
}
