/// When a delivery is tried again, and when it is given up.
public struct RetrySchedule: Sendable {
  /// Attempts before a delivery has failed for good.
  public var attempts: Int32
  /// The wait after the first attempt; four times as long after each further one.
  public var initial: Duration
  /// The longest wait, also for a receiver that asks for more.
  public var maximum: Duration

  /// By default eight attempts over about three hours.
  public init(attempts: Int32 = 8, initial: Duration = .seconds(10), maximum: Duration = .seconds(3600)) {
    self.attempts = attempts
    self.initial = initial
    self.maximum = maximum
  }

  /// The wait after the given attempt, with up to a fifth of it taken off at random so that an outage's deliveries do
  /// not all come back at one moment.
  ///
  /// - Parameters:
  ///   - attempt: 1 for the first.
  ///   - hint: What the receiver asked for; honoured as a minimum.
  public func wait(after attempt: Int32, hint: Duration?) -> Duration {
    var wait = min(initial, maximum)
    for _ in 1..<max(2, min(attempt, 30)) where attempt > 1 { wait = min(wait * 4, maximum) }
    return min(max(wait * Double.random(in: 0.8...1), hint ?? .zero), maximum)
  }
}
