import Lanes

/// Sizes and times of a relay.
public struct RelayLimits: Sendable {
  /// About how many messages are asked for at once. Up to twice as many are in hand.
  public var batch: Int
  /// How many messages may be unconfirmed at once.
  public var window: Int
  /// About how many bytes of bodies are asked for at once. Up to twice as many are in hand, and one message more.
  public var bytes = 16_000_000
  /// How long to sleep, at most, when nothing waits: what a lost wake-up costs.
  public var pollInterval: Duration
  /// How long the broker may take to confirm before a message is held, or, when it answers for nothing at all, before
  /// the connection counts as lost.
  public var confirmTimeout: Duration = .seconds(30)
  /// How often every shard is read from its oldest row, at least.
  public var lookBackInterval: Duration = .seconds(1)
  /// How long an aggregate is held back after a failure.
  public var holdBackoff = Backoff(initial: .milliseconds(500), maximum: .seconds(30))

  /// - Parameters:
  ///   - batch: About how many messages are asked for at once.
  ///   - window: How many messages may be unconfirmed at once.
  ///   - pollInterval: How long to sleep, at most, when nothing waits.
  public init(batch: Int = 3000, window: Int = 1000, pollInterval: Duration = .milliseconds(50)) {
    self.batch = batch
    self.window = window
    self.pollInterval = pollInterval
  }
}
