import AMQP
import Outbox

/// The messages that a relay has in hand: which may be published now, which wait for an earlier one of their aggregate,
/// and which the broker has yet to answer for. No I/O.
///
/// A message in a later row waits until all of the earlier row has been answered for, not its own predecessor alone: a
/// row is repeated as a whole by whoever comes after a relay that died, and must then not repeat what a later row, gone
/// already, has followed.
struct Flow {
  /// Later messages of each aggregate that has one ready, in flight or in a row that is not done, in id order.
  private var chains: [Int64: Chain] = [:]
  private var ready = Line()
  /// Those of them that waited for an earlier one: they go first, for of an aggregate that has many waiting only one is
  /// on its way at a time, and the last of them is what everything ends with.
  private var successors = Line()
  private var inFlight: [UInt64: WaitingMessage] = [:]
  /// Aggregates of which a message was confirmed, by its row that is not done.
  private var parked: [Int64: [Int64]] = [:]
  /// Messages in hand by shard.
  private var load = [Int](repeating: 0, count: Int(Shard.count))
  /// Bytes of the bodies of all messages in hand.
  private(set) var bytes = 0

  private struct Chain {
    let shard: Int16
    var line = Line()
  }

  /// First in, first out.
  private struct Line {
    private var messages: [WaitingMessage] = []
    private var index = 0

    var count: Int { messages.count - index }
    var first: WaitingMessage? { index < messages.count ? messages[index] : nil }
    var all: ArraySlice<WaitingMessage> { messages[index...] }

    mutating func append(_ message: WaitingMessage) { messages.append(message) }

    mutating func putBack(_ message: WaitingMessage) { messages.insert(message, at: index) }

    mutating func next() -> WaitingMessage? {
      guard index < messages.count else { return nil }
      // One that never runs dry must not keep all that it ever had.
      if index >= 64, index * 2 >= messages.count {
        messages.removeFirst(index)
        index = 0
      }
      defer { index += 1 }
      return messages[index]
    }
  }

  /// Whether nothing is in hand.
  var isEmpty: Bool { chains.isEmpty }

  /// How many may be published now.
  var readyCount: Int { successors.count + ready.count }

  /// How many messages of a shard are in hand.
  func load(of shard: Int16) -> Int { load[Int(shard)] }

  /// Adds messages.
  ///
  /// - Parameters:
  ///   - messages: In id order.
  ///   - isHeld: Whether a message has to wait, although its aggregate may have an earlier one in hand: that may be
  ///     tried for the second time, and what lies between was let go. What comes behind one that waits does too.
  /// - Returns: Those that have to wait, which are not in hand.
  mutating func add(_ messages: [WaitingMessage], isHeld: (WaitingMessage) -> Bool) -> [WaitingMessage] {
    var held: Set<Int64> = []
    var left: [WaitingMessage] = []
    for message in messages {
      if held.contains(message.aggregate) || isHeld(message) {
        held.insert(message.aggregate)
        left.append(message)
        continue
      }
      if chains[message.aggregate]?.line.append(message) == nil {
        chains[message.aggregate] = Chain(shard: message.shard)
        ready.append(message)
      }
      load[Int(message.shard)] += 1
      bytes += message.body.count
    }
    return left
  }

  /// The next message whose aggregate has nothing in flight.
  mutating func next() -> WaitingMessage? { successors.next() ?? ready.next() }

  /// Puts back what ``next()`` gave: the broker takes nothing now.
  mutating func putBack(_ message: WaitingMessage) { successors.putBack(message) }

  mutating func published(_ message: WaitingMessage, as sequence: UInt64) { inFlight[sequence] = message }

  /// What the broker has yet to answer for, by sequence.
  var underWay: [UInt64: WaitingMessage] { inFlight }

  /// Whether anything of these shards is among that.
  func hasUnderWay(of shards: some Collection<Int16>) -> Bool {
    inFlight.values.contains { shards.contains($0.shard) }
  }

  /// Takes a published message out.
  mutating func answered(_ sequence: UInt64) -> WaitingMessage? { inFlight.removeValue(forKey: sequence) }

  /// A message has left; its aggregate's next one becomes ready, now or when its row is done.
  ///
  /// - Parameter isRowDone: Whether it was the last one of its row that was in hand.
  mutating func finish(_ message: WaitingMessage, isRowDone: Bool) {
    load[Int(message.shard)] -= 1
    bytes -= message.body.count
    if isRowDone || chains[message.aggregate]?.line.first?.id == message.id {
      advance(message.aggregate)
    } else {
      parked[message.id, default: []].append(message.aggregate)
    }
    if isRowDone { rowIsDone(message.id) }
  }

  /// None of a row's messages is in hand any more: what waited for that becomes ready.
  mutating func rowIsDone(_ id: Int64) {
    for aggregate in parked.removeValue(forKey: id) ?? [] { advance(aggregate) }
  }

  private mutating func advance(_ aggregate: Int64) {
    if let next = chains[aggregate]?.line.next() { successors.append(next) } else { chains[aggregate] = nil }
  }

  /// A message could not be published.
  ///
  /// - Returns: The message and those of its aggregate behind it, none of which is in hand any more.
  mutating func drop(_ message: WaitingMessage) -> [WaitingMessage] {
    guard let chain = chains.removeValue(forKey: message.aggregate) else { return [] }
    let dropped = [message] + chain.line.all
    putDown(dropped[...], of: message.shard)
    return dropped
  }

  /// Takes out all messages of these shards that have not been published.
  mutating func drop(shards: some Collection<Int16>) -> [WaitingMessage] {
    var dropped: [WaitingMessage] = []
    let waiting = successors.all + ready.all
    (successors, ready) = (Line(), Line())
    for message in waiting {
      if shards.contains(message.shard) { dropped += drop(message) } else { ready.append(message) }
    }
    // What is left of these shards is on its way, or waits for its row, with messages behind it.
    for (aggregate, chain) in chains where shards.contains(chain.shard) {
      dropped += chain.line.all
      putDown(chain.line.all, of: chain.shard)
      chains[aggregate] = Chain(shard: chain.shard)
    }
    return dropped
  }

  private mutating func putDown(_ messages: ArraySlice<WaitingMessage>, of shard: Int16) {
    load[Int(shard)] -= messages.count
    for message in messages { bytes -= message.body.count }
  }
}
