/// Where a relay reads on in a shard.
///
/// Rows are never read with `id > last` alone, because ids are not committed in order: a transaction may commit after
/// others that drew later ids. So a fetch that reaches the end lets the next one begin where reading had come to some
/// time before, long enough for nearly every transaction; and each look back begins with the oldest row of all, whoever
/// was how late, and then goes on where it was. What is dead and not yet removed is read over at a look back only.
struct ShardPosition {
  /// The next fetch reads what is behind this id.
  private(set) var floor: Int64 = 0
  /// Where to go on after the fetch that looks back.
  private var resume: Int64?
  /// The highest id read so far, and what it was when it was remembered last and the time before that.
  private var highest: Int64 = 0
  private var mark: Int64 = 0
  private var horizon: Int64 = 0
  /// Whether the last fetch began with the oldest row.
  private(set) var wasFromStart = false

  /// Whether the next fetch begins with the oldest row, although reading had come further.
  var isLookingBack: Bool { resume != nil }

  /// Whether the next fetch begins before the last row that was read.
  var isBehind: Bool { floor < highest }

  mutating func remember() {
    horizon = mark
    mark = highest
  }

  mutating func lookBack() {
    guard floor > 0 else { return }
    resume = max(floor, resume ?? 0)
    floor = 0
  }

  /// - Parameters:
  ///   - last: The last id that was read.
  ///   - isEnd: Whether nothing was behind it.
  mutating func advance(to last: Int64, isEnd: Bool) {
    wasFromStart = floor == 0
    highest = max(highest, last)
    floor = isEnd ? horizon : max(last, resume ?? 0)
    resume = nil
  }

  mutating func rewind(to id: Int64) {
    floor = min(floor, id)
    if let later = resume { resume = min(later, id) }
  }
}
