import Lanes
import Testing

@testable import Outbox
@testable import OutboxRelay

@Suite("Aggregates that wait for a message that could not be published")
struct HeldAggregatesTests {
  private static func message(_ id: Int64, of aggregate: Int64 = 7, shard: Int16 = 1) -> WaitingMessage {
    WaitingMessage(shard: shard, id: id, aggregate: aggregate)
  }

  private let start = ContinuousClock.now
  private let later = ContinuousClock.now + .seconds(3_600)

  private func held(_ message: WaitingMessage) -> HeldAggregates {
    var held = HeldAggregates(backoff: Backoff(initial: .seconds(2), maximum: .seconds(2)))
    held.hold(message, at: start)
    return held
  }

  @Test("it and what is behind it wait for its time, others do not")
  func waits() {
    let held = held(Self.message(3))
    #expect(held.isHeld(Self.message(3), at: start) { _, _ in false })
    #expect(held.isHeld(Self.message(4), at: start) { _, _ in false })
    #expect(!held.isHeld(Self.message(4, of: 8), at: start) { _, _ in false })
  }

  @Test("then it is tried, and what is behind it goes on waiting until it has left or its row is gone")
  func behind() {
    var held = held(Self.message(3))
    #expect(!held.isHeld(Self.message(3), at: later) { _, _ in false })
    #expect(held.isHeld(Self.message(4), at: later) { _, _ in false })
    #expect(!held.isHeld(Self.message(4), at: later) { row, shard in row == 3 && shard == 1 })
    let hadLeft = held.hasLeft(Self.message(2))
    #expect(!hadLeft, "one from before it says nothing about it")
    #expect(held.isHeld(Self.message(4), at: later) { _, _ in false })
    let hasLeft = held.hasLeft(Self.message(3))
    #expect(hasLeft, "others were let go because of it")
    #expect(!held.isHeld(Self.message(4), at: start) { _, _ in false })
    let leavesAgain = held.hasLeft(Self.message(4))
    #expect(!leavesAgain)
  }

  @Test("a known time is kept to, and one that may be tried at once is")
  func times() {
    var held = held(Self.message(3))
    held.hold(Self.message(3), until: later, at: start)
    #expect(held.isHeld(Self.message(3), at: later - .seconds(1)) { _, _ in false })
    held.mayTry(Self.message(4), at: start)
    #expect(held.isHeld(Self.message(3), at: start) { _, _ in false }, "only the oldest may")
    held.mayTry(Self.message(3), at: start)
    #expect(!held.isHeld(Self.message(3), at: start) { _, _ in false })
  }

  @Test("what is of shards that another relay owns is forgotten")
  func shards() {
    var held = held(Self.message(3))
    held.hold(Self.message(5, of: 9, shard: 2), at: start)
    held.keep(shards: [2])
    #expect(!held.isHeld(Self.message(3), at: start) { _, _ in false })
    #expect(held.isHeld(Self.message(5, of: 9, shard: 2), at: start) { _, _ in false })
  }
}
