import Outbox

/// A transaction of another session that keeps deleted rows from being removed.
public struct OpenTransaction: Sendable {
  /// The server's process, the role, and what the session calls itself; nil if there is no such transaction.
  public let session: String?
  /// For how long it is known to have been open.
  public let time: Duration
  /// How many deleted rows of the outbox are still there, as the server estimates.
  public let deadRows: Int
}

/// How long the oldest transaction has been seen to be the same.
struct TransactionWatch {
  private var seen: (transaction: OldestTransaction, since: ContinuousClock.Instant)?

  /// Takes note of what is the oldest now.
  ///
  /// - Returns: For how long it is known to have been open.
  mutating func observe(_ oldest: OldestTransaction?, at now: ContinuousClock.Instant = .now) -> Duration {
    guard let oldest else {
      seen = nil
      return .zero
    }
    if let seen, seen.transaction == oldest { return seen.since.duration(to: now) }
    seen = (oldest, now)
    return .zero
  }
}
