import Contracts
import PipelineKit
import TestServers
import Testing

@testable import Allocation

@Suite("Location policies")
struct PolicyProperties {
  private static func candidates(_ dice: inout SeededGenerator) -> [LocationPolicy.Candidate] {
    (0..<Int.random(in: 0...6, using: &dice)).map { number in
      .init(
        location: LocationID(trusted: "WH-\(number)"), allocatable: Int64.random(in: -2...9, using: &dice),
        priority: Int32.random(in: 0...2, using: &dice))
    }
  }

  @Test("most_stock: shares sum up to the quantity or to all there is, and no location gives more than it has")
  func sums() {
    var dice = SeededGenerator(seed: 31)
    for _ in 0..<5000 {
      let candidates = Self.candidates(&dice)
      let ranked = LocationPolicy.mostStock.rank(candidates.shuffled(using: &dice))
      let quantity = Int64.random(in: 1...30, using: &dice)
      let shares = LocationPolicy.mostStock.plan(quantity, over: ranked)
      let there = candidates.reduce(0) { $0 + max(0, $1.allocatable) }
      #expect(shares.reduce(0) { $0 + $1.quantity } == min(quantity, there))
      #expect(Set(shares.map(\.location)).count == shares.count)
      for share in shares {
        let candidate = candidates.first { $0.location == share.location }
        #expect(share.quantity > 0 && share.quantity <= candidate?.allocatable ?? 0)
      }
      for (share, next) in zip(shares, shares.dropFirst()) { #expect(share.quantity >= next.quantity) }
    }
  }

  @Test("most_stock does not depend on the order of the candidates")
  func deterministic() {
    var dice = SeededGenerator(seed: 32)
    for _ in 0..<2000 {
      let candidates = Self.candidates(&dice)
      let one = LocationPolicy.mostStock.rank(candidates)
      #expect(one == LocationPolicy.mostStock.rank(candidates.shuffled(using: &dice)))
      for (best, next) in zip(one, one.dropFirst()) {
        #expect(
          (-best.allocatable, Int64(best.priority), best.location.value)
            < (-next.allocatable, Int64(next.priority), next.location.value))
      }
    }
  }

  @Test("what was seen is recorded in the policy's order")
  func description() {
    let ranked = LocationPolicy.mostStock.rank([
      .init(location: LocationID(trusted: "WH-1"), allocatable: 3, priority: 0),
      .init(location: LocationID(trusted: "WH-2"), allocatable: 40, priority: 0),
      .init(location: LocationID(trusted: "WH-3"), allocatable: 0, priority: 0),
    ])
    #expect(LocationPolicy.describe(ranked) == "WH-2=40,WH-1=3")
  }
}
