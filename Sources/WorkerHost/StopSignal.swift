import Synchronization

/// Says to blocking loops on lanes that the process is to stop.
public final class StopSignal: Sendable {
  private let flag = Atomic<Bool>(false)

  /// Not raised.
  public init() {}

  /// Whether to stop.
  public var isRaised: Bool { flag.load(ordering: .acquiring) }

  /// From now on every loop ends at its next look.
  public func raise() { flag.store(true, ordering: .releasing) }
}
