/// Up to which id every row of the outbox is decided: it is there to be read, or will never be.
///
/// Ids are not committed in order. A row with a lower id than others may come to light long after them, and must still
/// be read before a later one of its aggregate, which cannot be written before the first one's transaction has ended.
/// So a relay looks again and again at the last id drawn and at who is writing to the outbox: a transaction that is
/// seen for the first time has drawn its ids after the look before, and whoever is not seen has ended, or draws higher
/// ones.
///
/// A transaction that is open for longer must not hold up reading, or what is dead behind its ids is read over each
/// time. It is late: the horizon passes it, and each reading is followed by a look, until it has ended; then reading
/// goes back behind its ids. No I/O.
struct Horizon {
  /// Transactions that are open for so long are late.
  static let patience = Duration.milliseconds(250)

  /// No transaction but the late ones has drawn an id up to here and is still open.
  private(set) var id: Int64 = 0
  /// The last id that was drawn before the last look.
  private var drawn: Int64 = 0
  private var writers: [String: Writer] = [:]

  private struct Writer {
    /// Its ids are higher.
    let floor: Int64
    let since: ContinuousClock.Instant
    var isLate = false
  }

  /// Whether nothing is known yet, or somebody is late: every reading is to be followed by a look then.
  var isUncertain: Bool { id == 0 || writers.values.contains(where: \.isLate) }

  /// Takes in who writes.
  ///
  /// - Parameters:
  ///   - drawn: The last id that was drawn, as it was before the transactions were looked for.
  ///   - open: Transactions that may have drawn ids, by names that no two ever share.
  ///   - now: When that was.
  /// - Returns: An id if transactions have ended that were late: what was read behind it before this look is not to be
  ///   relied on.
  mutating func look(drawn: Int64, open: [String], at now: ContinuousClock.Instant = .now) -> Int64? {
    var seen: [String: Writer] = [:]
    // A lock that moves from a session's own list to the common one is seen in both.
    for name in open where seen[name] == nil {
      var writer = writers.removeValue(forKey: name) ?? Writer(floor: self.drawn, since: now)
      if writer.since.duration(to: now) >= Horizon.patience { writer.isLate = true }
      seen[name] = writer
    }
    let ended = writers.values.filter(\.isLate).map(\.floor).min()
    writers = seen
    self.drawn = drawn
    let floors = seen.values.filter { !$0.isLate }.map(\.floor)
    id = max(id, min(drawn, floors.min() ?? drawn))
    return ended
  }
}
