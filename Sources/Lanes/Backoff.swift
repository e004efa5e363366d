/// How long to wait before the next try: doubling, bounded, with full jitter.
///
/// Full jitter (a uniform draw between zero and the bound) keeps a fleet of workers from returning to a database in
/// step after it comes back.
public struct Backoff: Sendable {
  private let initial: Duration
  private let maximum: Duration
  private var bound: Duration

  /// - Parameters:
  ///   - initial: Upper bound of the first wait.
  ///   - maximum: Upper bound of every wait.
  public init(initial: Duration, maximum: Duration) {
    self.initial = initial
    self.maximum = maximum
    bound = min(initial, maximum)
  }

  /// The next wait: between a tenth of the current bound and the bound, which then doubles up to the maximum.
  public mutating func next() -> Duration {
    let wait = bound * Double.random(in: 0.1...1.0)
    bound = min(bound * 2, maximum)
    return wait
  }

  /// Back to the first bound, after a success.
  public mutating func reset() { bound = min(initial, maximum) }
}
