/// When a lane has to wake the relays.
///
/// NOTIFY takes a lock that serialises commits up to their flush, so it is worth it only where a relay may be asleep. A
/// relay that has found rows stays awake for ``relayAlertTime`` and looks again every ``relayAlertInterval``: a lane
/// that woke the relays within the slightly shorter ``interval`` need not do it again. And a large batch means high
/// load, under which relays never sleep. Where all of this errs, a message waits for the relay's next look.
public final class RelayWakeUp {
  /// Wake-ups of one lane are at least this far apart.
  public static let interval: Duration = .milliseconds(2)
  /// How long a relay stays awake after it has found rows.
  public static let relayAlertTime: Duration = .milliseconds(3)
  /// How often a relay that is awake looks for rows.
  public static let relayAlertInterval: Duration = .milliseconds(1)
  /// Batches with more rows than this wake nobody.
  public static let largestBatch = 32

  private var last: ContinuousClock.Instant?

  /// Of a lane that has not woken anybody yet.
  public init() {}

  /// Whether a batch with this many rows has to wake the relays; it counts as done then.
  func isDue(for rows: Int, at now: ContinuousClock.Instant = .now) -> Bool {
    guard rows <= RelayWakeUp.largestBatch else { return false }
    if let last, last.duration(to: now) < RelayWakeUp.interval { return false }
    last = now
    return true
  }
}
