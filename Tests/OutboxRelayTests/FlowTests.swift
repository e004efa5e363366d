import TestServers
import Testing

@testable import Outbox
@testable import OutboxRelay

@Suite("The rows in a relay's hands")
struct FlowTests {
  private static func row(_ id: Int64, of aggregate: Int64) -> WaitingMessage {
    WaitingMessage(shard: Int16(aggregate % 16), id: id, aggregate: aggregate)
  }

  /// Publishes all that may be, under sequences that are the rows' ids.
  private static func publish(_ flow: inout Flow) -> [Int64] {
    var ids: [Int64] = []
    while let row = flow.next() {
      flow.published(row, as: UInt64(row.id))
      ids.append(row.id)
    }
    return ids
  }

  private static func confirm(_ id: Int64, _ flow: inout Flow) throws {
    let row = flow.answered(UInt64(id))
    flow.finish(try #require(row), isRowDone: true)
  }

  @Test("one row of an aggregate is on its way at a time, whichever answer brought the next")
  func chains() throws {
    var flow = Flow()
    let held = flow.add([Self.row(1, of: 7), Self.row(2, of: 8), Self.row(3, of: 7)], isHeld: { _ in false })
    #expect(held.isEmpty)
    #expect(flow.readyCount == 2)
    #expect(Self.publish(&flow) == [1, 2])
    _ = flow.add([Self.row(4, of: 8), Self.row(5, of: 9)], isHeld: { _ in false })
    #expect(Self.publish(&flow) == [5])
    #expect(flow.load(of: 7) == 2 && flow.load(of: 8) == 2 && flow.load(of: 9) == 1)
    try Self.confirm(2, &flow)
    try Self.confirm(1, &flow)
    #expect(Self.publish(&flow) == [4, 3])
    for id: Int64 in [3, 5, 4] { try Self.confirm(id, &flow) }
    #expect(flow.isEmpty && flow.load(of: 7) == 0 && flow.load(of: 8) == 0)
    let unknown = flow.answered(1)
    #expect(unknown == nil)
  }

  @Test("what comes behind one that waits is not asked about, and waits; also behind one that is on its way")
  func held() {
    var flow = Flow()
    _ = flow.add([Self.row(1, of: 7)], isHeld: { _ in false })
    var asked: [Int64] = []
    let rows = [Self.row(2, of: 7), Self.row(3, of: 8), Self.row(4, of: 8), Self.row(5, of: 9), Self.row(6, of: 7)]
    let waiting = flow.add(rows) {
      asked.append($0.id)
      return $0.aggregate != 9
    }
    #expect(waiting.map(\.id) == [2, 3, 4, 6])
    #expect(asked == [2, 3, 5])
    #expect(Self.publish(&flow) == [1, 5])
  }

  @Test("a row that fails takes those behind it out of hand, and the broker's no puts one back in front")
  func drop() throws {
    var flow = Flow()
    _ = flow.add([Self.row(1, of: 7), Self.row(2, of: 7), Self.row(3, of: 8)], isHeld: { _ in false })
    let first = flow.next()
    flow.putBack(try #require(first))
    #expect(Self.publish(&flow) == [1, 3])
    let failed = flow.answered(1)
    let dropped = flow.drop(try #require(failed)).map(\.id)
    #expect(dropped == [1, 2])
    #expect(flow.load(of: 7) == 0 && flow.readyCount == 0 && !flow.isEmpty)
    try Self.confirm(3, &flow)
    #expect(flow.isEmpty)
  }

  @Test("shards that are lost keep only what is on its way")
  func lostShards() throws {
    var flow = Flow()
    _ = flow.add([Self.row(1, of: 7), Self.row(2, of: 7), Self.row(3, of: 8)], isHeld: { _ in false })
    let first = flow.next()
    flow.published(try #require(first), as: 1)
    _ = flow.add([Self.row(4, of: 23), Self.row(5, of: 23), Self.row(6, of: 9)], isHeld: { _ in false })
    let dropped = flow.drop(shards: [7]).map(\.id)
    #expect(Set(dropped) == [2, 4, 5])
    #expect(flow.load(of: 7) == 1)
    #expect(Self.publish(&flow) == [3, 6])
    for id: Int64 in [1, 3, 6] { try Self.confirm(id, &flow) }
    #expect(flow.isEmpty && flow.load(of: 7) == 0)
  }

  @Test("any order of answers: each row once, each aggregate's in order, and nothing is left")
  func anyOrder() throws {
    for seed in 0..<200 {
      var random = SeededGenerator(seed: UInt64(seed))
      var flow = Flow()
      var id: Int64 = 0
      var inFlight: [Int64] = []
      var published: [Int64: [Int64]] = [:]
      var aggregates: [Int64: Int64] = [:]
      for _ in 0..<300 {
        if Bool.random(using: &random) {
          let rows = (0..<Int.random(in: 0...5, using: &random)).map { _ in
            id += 1
            aggregates[id] = Int64.random(in: 0..<10, using: &random)
            return Self.row(id, of: aggregates[id] ?? 0)
          }
          _ = flow.add(rows, isHeld: { _ in false })
        }
        for next in Self.publish(&flow) {
          let aggregate = aggregates[next] ?? -1
          #expect(!inFlight.contains { aggregates[$0] == aggregate })
          inFlight.append(next)
          published[aggregate, default: []].append(next)
        }
        if let answer = inFlight.indices.randomElement(using: &random) {
          try Self.confirm(inFlight.remove(at: answer), &flow)
        }
      }
      while !inFlight.isEmpty {
        try Self.confirm(inFlight.removeFirst(), &flow)
        for next in Self.publish(&flow) {
          inFlight.append(next)
          published[aggregates[next] ?? -1, default: []].append(next)
        }
      }
      #expect(flow.isEmpty)
      #expect(published.values.reduce(0) { $0 + $1.count } == Int(id))
      for ids in published.values { #expect(ids == ids.sorted()) }
    }
  }

  @Test("the next message of an aggregate waits for its predecessor's whole row, if it lies in a later one")
  func wholeRows() throws {
    func message(_ id: Int64, _ place: Int, of aggregate: Int64) -> WaitingMessage {
      WaitingMessage(shard: 7, id: id, aggregate: aggregate, place: place)
    }
    var flow = Flow()
    let first = [message(1, 0, of: 7), message(1, 1, of: 23), message(1, 2, of: 7)]
    _ = flow.add(first + [message(2, 0, of: 7)], isHeld: { _ in false })
    #expect(flow.next() === first[0] && flow.next() === first[1] && flow.next() == nil)
    flow.finish(first[0], isRowDone: false)
    #expect(flow.next() === first[2])
    flow.finish(first[2], isRowDone: false)
    #expect(flow.next() == nil && !flow.isEmpty)
    // Also one that comes later does not overtake.
    _ = flow.add([message(3, 0, of: 7)], isHeld: { _ in false })
    #expect(flow.next() == nil)
    flow.finish(first[1], isRowDone: true)
    #expect(flow.next()?.id == 2)
    #expect(flow.load(of: 7) == 2)
  }

  @Test("whenever a relay dies, what the next one repeats of an aggregate is the end of what was published of it")
  func suffixes() {
    for seed in 0..<300 {
      var hands = Hands(seed: UInt64(seed))
      for _ in 0..<150 {
        hands.step()
        for (aggregate, published) in hands.published {
          let kept = published.map { hands.isKept($0.id) }
          #expect(kept == kept.sorted { !$0 && $1 }, "seed \(seed), aggregate \(aggregate)")
        }
      }
    }
  }

  /// A relay's hands, a broker that answers in any order, and a database that deletes some time after.
  private struct Hands {
    private var random: SeededGenerator
    private var flow = Flow()
    private var id: Int64 = 0
    private var inFlight: [WaitingMessage] = []
    /// How many messages of each row are in hand.
    private var open: [Int64: Int] = [:]
    private var done: [Int64] = []
    private var deleted: Set<Int64> = []
    private(set) var published: [Int64: [WaitingMessage]] = [:]

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    func isKept(_ id: Int64) -> Bool { !deleted.contains(id) }

    mutating func step() {
      switch Int.random(in: 0..<5, using: &random) {
      case 0: addRow()
      case 1:
        deleted.formUnion(done)
        done = []
      default: answer()
      }
      while let next = flow.next() {
        inFlight.append(next)
        published[next.aggregate, default: []].append(next)
      }
    }

    private mutating func addRow() {
      id += 1
      let count = Int.random(in: 1...4, using: &random)
      open[id] = count
      let messages = (0..<count).map { place in
        let aggregate = Int64.random(in: 0..<6, using: &random) * 16
        return WaitingMessage(shard: 0, id: id, aggregate: aggregate, place: place)
      }
      _ = flow.add(messages, isHeld: { _ in false })
    }

    private mutating func answer() {
      guard let index = inFlight.indices.randomElement(using: &random) else { return }
      let message = inFlight.remove(at: index)
      open[message.id, default: 0] -= 1
      let isRowDone = open[message.id] == 0
      if isRowDone { done.append(message.id) }
      flow.finish(message, isRowDone: isRowDone)
    }
  }
}
