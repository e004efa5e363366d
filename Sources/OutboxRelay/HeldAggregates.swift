import Lanes
import Outbox

/// Aggregates of which a message could not be published: it and what is behind it wait, everything else leaves. No I/O.
struct HeldAggregates {
  private struct Entry {
    let shard: Int16
    /// The oldest message's row. A later one must not be tried before it, however long ago it failed.
    var oldest: Int64
    var until: ContinuousClock.Instant
    var backoff: Backoff
  }

  private var entries: [Int64: Entry] = [:]
  private let backoff: Backoff

  /// - Parameter backoff: How long a message waits that could not be published, each time.
  init(backoff: Backoff) { self.backoff = backoff }

  /// A message could not be published.
  ///
  /// - Parameter until: When it may be tried again, if that is known.
  mutating func hold(_ message: WaitingMessage, until: ContinuousClock.Instant? = nil, at now: ContinuousClock.Instant)
  {
    var entry =
      entries[message.aggregate] ?? Entry(shard: message.shard, oldest: message.id, until: now, backoff: backoff)
    entry.oldest = message.id
    entry.until = until ?? now + entry.backoff.next()
    entries[message.aggregate] = entry
  }

  /// A message has left.
  ///
  /// - Returns: Whether others of its aggregate have been let go because of it, and are to be read again.
  mutating func hasLeft(_ message: WaitingMessage) -> Bool {
    guard let entry = entries[message.aggregate], message.id >= entry.oldest else { return false }
    entries[message.aggregate] = nil
    return true
  }

  /// The oldest message of an aggregate need not wait any longer.
  mutating func mayTry(_ message: WaitingMessage, at now: ContinuousClock.Instant) {
    if entries[message.aggregate]?.oldest == message.id { entries[message.aggregate]?.until = now }
  }

  /// Forgets the aggregates of other shards than these.
  mutating func keep(shards: Set<Int16>) { entries = entries.filter { shards.contains($0.value.shard) } }

  /// Whether a message has to wait for an earlier one of its aggregate, or for its own time.
  ///
  /// While the oldest one is tried again nothing follows it: an answer may hold a part of what was let go only, and the
  /// next one what comes behind all of it. Once it has left, they are read in their order. Only where its row is gone
  /// the later ones need not wait.
  ///
  /// - Parameter isGone: Whether somebody has removed a row of a shard.
  func isHeld(
    _ message: WaitingMessage, at now: ContinuousClock.Instant, isGone: (_ row: Int64, _ shard: Int16) -> Bool
  ) -> Bool {
    guard let entry = entries[message.aggregate] else { return false }
    if entry.until > now { return true }
    return message.id > entry.oldest && !isGone(entry.oldest, message.shard)
  }
}
