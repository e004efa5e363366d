import Messaging
import TestServers
import Testing

@testable import Stock

@LongComputation @Suite("Properties of random histories: the life cycle of orders")
struct LifeCycleProperties {
  @Test("orders take the steps of their diagram, no others, and all of these")
  func steps() throws {
    let drawn = Set(
      LifeCycle.order.steps.filter { $0.to != nil }.map { [$0.from ?? "nothing", $0.to ?? ""] })
    var taken: Set<[String]> = []
    forAll(2000, seed: 300_000) { history throws(Broken) in
      for step in try history.world().orderSteps {
        let pair = [step.from?.rawValue ?? "nothing", step.to.rawValue]
        try require(drawn.contains(pair), "an order takes a step of its diagram", "\(pair)")
        taken.insert(pair)
      }
    }
    #expect(drawn.subtracting(taken).isEmpty, "drawn and never seen")
  }
}
