import Messaging
import Testing

@Suite("Redelivered messages share smaller transactions")
struct PortionTests {
  private static func delivery(_ tag: Int, redelivered: Bool) -> Delivery {
    Delivery(
      tag: UInt64(tag), body: [], routingKey: "", messageID: nil, contentType: nil, redelivered: redelivered,
      headers: [:])
  }

  private static func sizes(_ redelivered: [Bool], _ standings: [Standing], limit: Int) -> [Int] {
    let deliveries = redelivered.enumerated().map { delivery($0.offset + 1, redelivered: $0.element) }
    let portions = Portion.split(deliveries, standings, limit: limit)
    #expect(portions.flatMap { $0.deliveries.map(\.tag) } == deliveries.map(\.tag), "in order, all of them")
    #expect(
      portions.allSatisfy { portion in portion.deliveries.allSatisfy { $0.redelivered == portion.areRedelivered } })
    return portions.map(\.deliveries.count)
  }

  @Test("messages delivered for the first time stay together")
  func fresh() {
    #expect(
      Self.sizes(Array(repeating: false, count: 500), Array(repeating: Standing(), count: 500), limit: 500) == [500])
    #expect(Self.sizes([], [], limit: 500).isEmpty)
  }

  @Test(
    "redelivered ones: a quarter each time, alone in the end", arguments: [(0, 125), (1, 31), (2, 7), (3, 1), (4, 1)])
  func quarters(deaths: Int, most: Int) {
    let standings = Array(repeating: Standing(inCompany: deaths), count: 250)
    let sizes = Self.sizes(Array(repeating: true, count: 250), standings, limit: 500)
    #expect(sizes.dropLast().allSatisfy { $0 == most })
    #expect(sizes.reduce(0, +) == 250)
  }

  @Test("a limit of one, and more deaths than bits, still give portions of one")
  func extremes() {
    #expect(Self.sizes([true, true], [Standing(), Standing()], limit: 1) == [1, 1])
    #expect(Self.sizes([true, true], [Standing(inCompany: 1_000), Standing()], limit: 5_000) == [1, 1])
  }

  @Test("a suspect among innocents makes its own portion small, not theirs; new messages stand apart")
  func mixed() {
    var standings = Array(repeating: Standing(), count: 10)
    standings[4] = Standing(inCompany: 2, alone: 1)
    let redelivered = Array(repeating: true, count: 7) + Array(repeating: false, count: 3)
    #expect(Self.sizes(redelivered, standings, limit: 100) == [4, 1, 2, 3])
    let deliveries = redelivered.enumerated().map { Self.delivery($0.offset, redelivered: $0.element) }
    #expect(Portion.split(deliveries, standings, limit: 100).map(\.deaths) == [0, 1, 0, 0])
  }
}
