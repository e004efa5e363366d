import Lanes
import Logging
import Observability
import ServiceLifecycle

/// Runs a blocking loop on a lane of its own, as a service.
struct LaneService: Service {
  /// What a lane has to have before the worker is ready.
  enum Need {
    case database
    case consumer
    case relay
  }

  private let context: LaneContext
  private let body: @Sendable (LaneContext) throws -> Void

  init(
    name: String, process: WorkerProcess, expecting needs: [Need],
    _ body: @escaping @Sendable (LaneContext) throws -> Void
  ) {
    context = LaneContext(name, process)
    self.body = body
    for need in needs {
      let condition: Readiness.Condition =
        switch need {
        case .database: .database(lane: name)
        case .consumer: .consumer(lane: name)
        case .relay: .relay
        }
      process.readiness.fail(condition, because: "not connected yet")
    }
    process.readiness.beat(lane: name)
    // Others do what takes long by itself: a mail's receiver, or a partition to be dropped.
    if needs.contains(.consumer) || needs.contains(.relay) {
      process.readiness.expectAnswers(lane: name, within: LaneService.patience)
    }
  }

  /// Longer than any batch takes, and half of what a statement may take by default before the lane gives it up.
  private static let patience = Duration.seconds(5)

  func run() async throws {
    let lane = Lane(name: context.name)
    defer { lane.stop() }
    let context = context
    let body = body
    try await withGracefulShutdownHandler {
      try await lane.run { try body(context) }
      // All lanes see the stop signal at once, but the group asks them one by one: leaving early would look like a
      // crash.
      try? await gracefulShutdown()
    } onGracefulShutdown: {
      context.stop.raise()
    }
  }
}
