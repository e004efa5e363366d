/// How long the oldest transaction has been seen to be the same.
public struct TransactionWatch {
  private var seen: (transaction: OldestTransaction, since: ContinuousClock.Instant)?

  /// Nothing has been seen.
  public init() {}

  /// Takes note of what is the oldest now.
  ///
  /// - Parameters:
  ///   - oldest: The oldest transaction.
  ///   - now: When that was.
  /// - Returns: For how long it is known to have been open.
  public mutating func observe(_ oldest: OldestTransaction?, at now: ContinuousClock.Instant = .now) -> Duration {
    guard let oldest else {
      seen = nil
      return .zero
    }
    if let seen, seen.transaction == oldest { return seen.since.duration(to: now) }
    seen = (oldest, now)
    return .zero
  }
}
