/// Where a relay reads on in a shard.
///
/// Behind the last row that was read, but never beyond the ``Horizon``: rows with lower ids may still come to light
/// there. Each look back begins with the oldest row of all, and then goes on where it was. One that meets more rows
/// than an answer holds takes a second part, behind that of the look back before, or what waits behind many that are
/// held back would never be met. What is dead and not yet removed is read over at a look back only.
struct ShardPosition {
  /// The next fetch reads what is behind this id.
  private(set) var floor: Int64 = 0
  /// Where to go on after the fetch that looks back.
  private var resume: Int64?
  /// Where the next look back's second part begins.
  private var lookFrom: Int64 = 0
  /// The highest id read so far.
  private var highest: Int64 = 0
  /// Whether the last fetch began with the oldest row.
  private(set) var wasFromStart = false

  /// Whether the next fetch begins with the oldest row, although reading had come further.
  var isLookingBack: Bool { resume != nil }

  /// Whether the next fetch begins before the last row that was read.
  var isBehind: Bool { floor < highest }

  mutating func lookBack() {
    guard floor > 0 else { return }
    resume = max(floor, resume ?? 0)
    floor = 0
  }

  /// - Parameters:
  ///   - last: The last id that was read.
  ///   - isEnd: Whether nothing was behind it.
  ///   - horizon: As it was before the reading.
  mutating func advance(to last: Int64, isEnd: Bool, horizon: Int64) {
    wasFromStart = floor == 0
    highest = max(highest, last)
    if let resume {
      let isPart = !isEnd && last < resume
      let next = max(last, lookFrom)
      if isPart, wasFromStart, next < resume {
        floor = next
        return
      }
      lookFrom = isPart ? last : 0
    }
    floor = isEnd ? horizon : min(max(last, resume ?? 0), horizon)
    resume = nil
  }

  mutating func rewind(to id: Int64) {
    floor = min(floor, id)
    if let later = resume { resume = min(later, id) }
  }
}

/// Where a relay reads on in each shard that it owns.
struct ShardPositions {
  private var positions = [ShardPosition?](repeating: nil, count: Int(Shard.count))

  /// Nil for a shard that it does not own.
  subscript(shard: Int16) -> ShardPosition? {
    get { positions[Int(shard)] }
    set { positions[Int(shard)] = newValue }
  }

  /// The owned ones, in order.
  var shards: [Int16] { (0..<Shard.count).filter { self[$0] != nil } }

  mutating func lookBack() {
    for index in positions.indices { positions[index]?.lookBack() }
  }

  mutating func rewind(to id: Int64) {
    for index in positions.indices { positions[index]?.rewind(to: id) }
  }
}
