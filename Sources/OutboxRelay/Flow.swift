import AMQP
import Outbox

/// The rows that a relay has in hand: which may be published now, which wait for an earlier one of their aggregate, and
/// which the broker has yet to answer for. No I/O.
struct Flow {
  /// Later rows of each aggregate that has one ready or in flight, in id order.
  private var chains: [Int64: Line] = [:]
  private var ready = Line()
  private var inFlight: [UInt64: WaitingRow] = [:]
  /// Rows in hand by shard.
  private var load = [Int](repeating: 0, count: Int(Shard.count))

  /// First in, first out.
  private struct Line {
    private var rows: [WaitingRow] = []
    private var index = 0

    var count: Int { rows.count - index }
    var all: ArraySlice<WaitingRow> { rows[index...] }

    mutating func append(_ row: WaitingRow) { rows.append(row) }

    mutating func putBack(_ row: WaitingRow) { rows.insert(row, at: index) }

    mutating func next() -> WaitingRow? {
      guard index < rows.count else { return nil }
      // One that never runs dry must not keep all that it ever had.
      if index >= 64, index * 2 >= rows.count {
        rows.removeFirst(index)
        index = 0
      }
      defer { index += 1 }
      return rows[index]
    }
  }

  /// Whether nothing is in hand.
  var isEmpty: Bool { chains.isEmpty }

  /// How many may be published now.
  var readyCount: Int { ready.count }

  /// How many rows of a shard are in hand.
  func load(of shard: Int16) -> Int { load[Int(shard)] }

  /// Adds rows.
  ///
  /// - Parameters:
  ///   - rows: In id order.
  ///   - isHeld: Whether an aggregate that has nothing in hand has to wait; asked about the first of its rows.
  /// - Returns: Those that have to wait, which are not in hand.
  mutating func add(_ rows: [WaitingRow], isHeld: (WaitingRow) -> Bool) -> [WaitingRow] {
    var held: Set<Int64> = []
    var left: [WaitingRow] = []
    for row in rows {
      if chains[row.aggregate]?.append(row) == nil {
        if held.contains(row.aggregate) || isHeld(row) {
          held.insert(row.aggregate)
          left.append(row)
          continue
        }
        chains[row.aggregate] = Line()
        ready.append(row)
      }
      load[Int(row.shard)] += 1
    }
    return left
  }

  /// The next row whose aggregate has nothing in flight.
  mutating func next() -> WaitingRow? { ready.next() }

  /// Puts back what ``next()`` gave: the broker takes nothing now.
  mutating func putBack(_ row: WaitingRow) { ready.putBack(row) }

  mutating func published(_ row: WaitingRow, as sequence: UInt64) { inFlight[sequence] = row }

  /// Takes a published row out.
  mutating func answered(_ sequence: UInt64) -> WaitingRow? { inFlight.removeValue(forKey: sequence) }

  /// A row has left; its aggregate's next one becomes ready.
  mutating func finish(_ row: WaitingRow) {
    load[Int(row.shard)] -= 1
    if let next = chains[row.aggregate]?.next() { ready.append(next) } else { chains[row.aggregate] = nil }
  }

  /// A row could not be published.
  ///
  /// - Returns: The row and those of its aggregate behind it, none of which is in hand any more.
  mutating func drop(_ row: WaitingRow) -> [WaitingRow] {
    guard let chain = chains.removeValue(forKey: row.aggregate) else { return [] }
    let dropped = [row] + chain.all
    load[Int(row.shard)] -= dropped.count
    return dropped
  }

  /// Takes out all rows of these shards that have not been published.
  mutating func drop(shards: some Collection<Int16>) -> [WaitingRow] {
    var dropped: [WaitingRow] = []
    let waiting = ready.all
    ready = Line()
    for row in waiting {
      if shards.contains(row.shard) { dropped += drop(row) } else { ready.append(row) }
    }
    // What is left of these shards is in flight, with rows behind it.
    for row in inFlight.values where shards.contains(row.shard) {
      guard let chain = chains.updateValue(Line(), forKey: row.aggregate) else { continue }
      dropped += chain.all
      load[Int(row.shard)] -= chain.count
    }
    return dropped
  }
}
