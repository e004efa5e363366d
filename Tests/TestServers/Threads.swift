import Lanes

/// Runs blocking code on a lane of its own.
public func onLane<Success: Sendable>(_ body: @escaping @Sendable () throws -> Success) async throws -> Success {
  let lane = Lane(name: "test")
  defer { lane.stop() }
  return try await lane.run(body)
}

/// Where tests belong that compute for seconds: all of them on one thread, one after the other.
///
/// On the cooperative pool, which has a thread per processor, two of them would leave nobody else any: everything that
/// waits for a server there would be late by as long as they take.
@globalActor public actor LongComputation {
  /// The one there is.
  public static let shared = LongComputation()
  private let lane = Lane(name: "computation")

  /// The lane.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { lane.asUnownedSerialExecutor() }
}
