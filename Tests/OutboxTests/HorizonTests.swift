import TestServers
import Testing

@testable import Outbox

@Suite("Up to which id every row is decided")
struct HorizonTests {
  private let start = ContinuousClock.now

  @Test("with nobody writing it is what was drawn, and whoever comes later draws more")
  func nobody() {
    var horizon = Horizon()
    #expect(horizon.isUncertain)
    #expect(horizon.look(drawn: 40, open: [], at: start) == nil)
    #expect(horizon.id == 40 && !horizon.isUncertain)
    #expect(horizon.look(drawn: 50, open: ["3/1"], at: start) == nil)
    #expect(horizon.id == 40, "what it has drawn is behind the look before")
    #expect(horizon.look(drawn: 60, open: ["3/2", "4/1"], at: start) == nil)
    #expect(horizon.id == 50, "these were not there a look before")
  }

  @Test("of who was there first it is not known what they have drawn")
  func first() {
    var horizon = Horizon()
    _ = horizon.look(drawn: 40, open: ["3/1"], at: start)
    #expect(horizon.id == 0 && horizon.isUncertain)
    _ = horizon.look(drawn: 40, open: ["3/1", "5/9"], at: start)
    #expect(horizon.id == 0)
    _ = horizon.look(drawn: 45, open: ["5/9"], at: start)
    #expect(horizon.id == 40)
  }

  @Test("it waits for an open transaction for a while, then passes it until that has ended")
  func late() {
    var horizon = Horizon()
    _ = horizon.look(drawn: 40, open: [], at: start)
    _ = horizon.look(drawn: 50, open: ["3/1"], at: start)
    #expect(horizon.look(drawn: 60, open: ["3/1"], at: start + Horizon.patience * 0.9) == nil)
    #expect(horizon.id == 40 && !horizon.isUncertain)
    #expect(horizon.look(drawn: 70, open: ["3/1", "4/1"], at: start + Horizon.patience) == nil)
    #expect(horizon.id == 60 && horizon.isUncertain, "the other one is new")
    #expect(horizon.look(drawn: 90, open: ["3/1"], at: start + Horizon.patience) == nil)
    #expect(horizon.id == 90 && horizon.isUncertain)
    #expect(horizon.look(drawn: 95, open: [], at: start + Horizon.patience * 9) == 40)
    #expect(horizon.id == 95 && !horizon.isUncertain)
  }

  @Test("when several late ones have ended, reading goes back behind the first of them")
  func severalLate() {
    var horizon = Horizon()
    _ = horizon.look(drawn: 40, open: [], at: start)
    _ = horizon.look(drawn: 50, open: ["3/1"], at: start)
    _ = horizon.look(drawn: 60, open: ["3/1", "4/1", "5/1"], at: start)
    let later = start + Horizon.patience
    #expect(horizon.look(drawn: 70, open: ["3/1", "4/1", "5/1"], at: later) == nil)
    #expect(horizon.look(drawn: 80, open: ["5/1"], at: later) == 40)
    #expect(horizon.isUncertain)
    #expect(horizon.look(drawn: 80, open: [], at: later) == 50)
  }

  @Test("a transaction that is listed twice is one")
  func twice() {
    var horizon = Horizon()
    _ = horizon.look(drawn: 40, open: [], at: start)
    _ = horizon.look(drawn: 50, open: ["3/1"], at: start)
    _ = horizon.look(drawn: 60, open: ["3/1", "3/1"], at: start)
    #expect(horizon.id == 40)
  }

  /// What a relay does with it, against transactions that are told apart from their ids by nothing else: each draws
  /// ids, and its rows are seen from when it ends.
  @Test("no row is read behind a later one of its aggregate", arguments: 0..<200)
  func property(seed: UInt64) {
    var world = World(seed: seed)
    for _ in 0..<400 { world.step() }
    world.end()
    #expect(world.overtaken == [])
    #expect(world.unread.isEmpty)
  }
}

/// A sequence, transactions of an aggregate each, and a reader of one shard. A step is one thing that happens, also
/// between the parts of a reading.
private struct World {
  private struct Transaction {
    let name: String
    let aggregate: Int
    var ids: [Int64] = []
  }

  private var random: SeededGenerator
  private var drawn: Int64 = 0
  private var names = 0
  private var open: [Transaction] = []
  private var visible: [Int64: Int] = [:]
  private var horizon = Horizon()
  private var position = ShardPosition()
  private var read: [Int: [Int64]] = [:]
  private var seen: Set<Int64> = []
  private var now = ContinuousClock.now
  private var isOver = false
  private(set) var overtaken: [String] = []

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

  var unread: Set<Int64> { Set(visible.keys).subtracting(seen) }

  mutating func step() {
    switch below(10) {
    case 0...3: begin()
    case 4...5: draw()
    case 6...7: commit()
    default: reading()
    }
  }

  mutating func end() {
    isOver = true
    while !open.isEmpty { commit() }
    for _ in 0..<(visible.count + 3) { reading() }
  }

  /// An aggregate is locked until its transaction has ended.
  private mutating func begin() {
    let aggregate = below(6)
    guard !open.contains(where: { $0.aggregate == aggregate }) else { return draw() }
    names += 1
    open.append(Transaction(name: "t\(names)", aggregate: aggregate))
    if below(2) == 0 { draw() }
  }

  private mutating func draw() {
    guard !open.isEmpty else { return }
    drawn += 1
    open[below(open.count)].ids.append(drawn)
  }

  /// The first ones of the list rarely: they are late.
  private mutating func commit() {
    guard !open.isEmpty else { return }
    let index = max(below(open.count), below(open.count))
    let transaction = open.remove(at: index)
    for id in transaction.ids { visible[id] = transaction.aggregate }
  }

  private mutating func reading() {
    now += .milliseconds(below(120))
    let limit = 1 + below(4)
    let floor = position.floor
    let rows = visible.keys.filter { $0 > floor }.filter { !seen.contains($0) }.sorted().prefix(limit)
    let before = horizon.id
    let looks = horizon.isUncertain || below(3) == 0
    while !isOver, below(3) == 0 { meddle() }
    if looks {
      let last = drawn
      while !isOver, below(3) == 0 { meddle() }
      if let ended = horizon.look(drawn: last, open: open.map(\.name), at: now) { return position.rewind(to: ended) }
    }
    for id in rows { take(id) }
    position.advance(to: rows.last ?? 0, isEnd: rows.count < limit, horizon: before)
  }

  private mutating func meddle() {
    switch below(3) {
    case 0: begin()
    case 1: draw()
    default: commit()
    }
  }

  private mutating func take(_ id: Int64) {
    guard let aggregate = visible[id] else { return }
    if let later = read[aggregate]?.first(where: { $0 > id }) { overtaken.append("\(id) behind \(later)") }
    read[aggregate, default: []].append(id)
    seen.insert(id)
  }
}
