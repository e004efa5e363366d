import Testing

@testable import Stock

@Suite("The hysteresis of alerts")
struct AlertBandTests {
  private let band = AlertBand(reorderPoint: 10, recoverPoint: 20)

  @Test(
    "follows its points",
    arguments: [
      (AlertState.normal, Int64(11), AlertState.normal), (.normal, 10, .low), (.normal, 1, .low), (.normal, 0, .out),
      (.normal, -5, .out), (.low, 11, .low), (.low, 19, .low), (.low, 20, .normal), (.low, 0, .out), (.out, 1, .out),
      (.out, 15, .out), (.out, 20, .normal),
    ])
  func points(state: AlertState, quantity: Int64, next: AlertState) {
    #expect(band.next(after: state, quantity: quantity) == next)
  }

  @Test("over random walks: each episode begins once, tells 'low' and 'out' at most once, and ends once")
  func walks() {
    for seed in 0..<300 {
      var steps = UInt64(seed + 1)
      let reorder = Int64(seed % 12)
      let band = AlertBand(reorderPoint: reorder, recoverPoint: reorder + 1 + Int64(seed % 7))
      var state = AlertState.normal
      var told: Set<AlertState> = []
      for _ in 0..<200 {
        steps = steps &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let quantity = Int64(steps >> 33) % 25
        let next = band.next(after: state, quantity: quantity)
        #expect(band.next(after: next, quantity: quantity) == next, "the same quantity again tells nothing new")
        if next != state {
          if next == .normal {
            #expect(!told.isEmpty)
            told = []
          } else {
            #expect(told.insert(next).inserted, "told twice in one episode")
          }
        }
        state = next
        if quantity >= band.recoverPoint { #expect(state == .normal) }
        if quantity == 0 { #expect(state == .out) }
      }
    }
  }
}
