/// What has been sent and not yet answered, oldest first.
struct UnansweredQueue {
  enum Entry {
    case preparation(Statement)
    case statement(Statement)
    case sync

    var isSync: Bool { if case .sync = self { true } else { false } }
  }

  private var entries: [Entry] = []
  private var head = 0
  private var unflushed = 0

  var isEmpty: Bool { head == entries.count }

  /// Whether the server need not answer the oldest entry yet.
  var oldestIsUnflushed: Bool { !isEmpty && entries.count - head <= unflushed }

  /// Whether something was sent after the last Sync, be it answered or not.
  private(set) var endsWithoutSync = false

  mutating func append(_ entry: Entry) {
    entries.append(entry)
    unflushed += 1
    endsWithoutSync = !entry.isSync
  }

  /// Everything so far will be answered.
  mutating func markFlushed() { unflushed = 0 }

  mutating func popFirst() -> Entry? {
    guard !isEmpty else { return nil }
    let entry = entries[head]
    head += 1
    if isEmpty {
      entries.removeAll(keepingCapacity: true)
      head = 0
    }
    return entry
  }

  mutating func dropFirst() { _ = popFirst() }
}
