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
        priority: Int32.random(in: 0...2, using: &dice),
        distance: Int.random(in: 0...3, using: &dice) == 0 ? nil : Int64.random(in: 0...4, using: &dice))
    }
  }

  @Test("most_stock: shares sum up to the quantity or to all there is, and no location gives more than it has")
  func sums() {
    var dice = SeededGenerator(seed: 31)
    for _ in 0..<5000 {
      let candidates = Self.candidates(&dice)
      let ranked = LocationPolicy.mostStock.rank(candidates.shuffled(using: &dice), for: 1)
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
      let one = LocationPolicy.mostStock.rank(candidates, for: 1)
      #expect(one == LocationPolicy.mostStock.rank(candidates.shuffled(using: &dice), for: 1))
      for (best, next) in zip(one, one.dropFirst()) {
        #expect(
          (-best.allocatable, -best.priority, best.location) < (-next.allocatable, -next.priority, next.location))
      }
    }
  }

  @Test(
    "every policy ranks all that have something, whatever order they come in, and divides what is wanted over them",
    arguments: LocationPolicyName.allCases)
  func everyPolicy(_ name: LocationPolicyName) {
    let policy = LocationPolicy.named(name)
    #expect(policy.name == name && !policy.rule.isEmpty)
    var dice = SeededGenerator(seed: 33)
    for _ in 0..<2000 {
      let candidates = Self.candidates(&dice)
      let units = Int64.random(in: 1...30, using: &dice)
      let ranked = policy.rank(candidates, for: units)
      #expect(ranked == policy.rank(candidates.shuffled(using: &dice), for: units))
      #expect(ranked.sorted { $0.location < $1.location } == candidates.filter { $0.allocatable > 0 })
      // What was found promisable may be less than what was wanted.
      let promised = Int64.random(in: 1...units, using: &dice)
      let shares = policy.plan(promised, over: ranked)
      #expect(shares.reduce(0) { $0 + $1.quantity } == min(promised, ranked.reduce(0) { $0 + $1.allocatable }))
      #expect(Set(shares.map(\.location)).count == shares.count)
      for share in shares {
        let there = candidates.first { $0.location == share.location }?.allocatable ?? 0
        #expect(share.quantity > 0 && share.quantity <= there)
      }
    }
  }

  @Test("fixed_priority: the highest priority first, then by id, whatever lies there")
  func fixedPriority() {
    var dice = SeededGenerator(seed: 34)
    for _ in 0..<2000 {
      let ranked = LocationPolicy.fixedPriority.rank(Self.candidates(&dice), for: 5)
      for (one, next) in zip(ranked, ranked.dropFirst()) {
        #expect((-one.priority, one.location) < (-next.priority, next.location))
      }
    }
  }

  @Test("fewest_splits: no choice of fewer locations has enough; of single ones that have, the one with the least")
  func fewestSplits() {
    var dice = SeededGenerator(seed: 35)
    var sizes: Set<Int> = []
    for _ in 0..<3000 {
      let candidates = Self.candidates(&dice).filter { $0.allocatable > 0 }
      let units = Int64.random(in: 1...20, using: &dice)
      let policy = LocationPolicy.fewestSplits
      let shares = policy.plan(units, over: policy.rank(candidates, for: units))
      let fewest = (0..<(1 << candidates.count)).filter { choice in
        candidates.enumerated().reduce(0) { $0 + (choice >> $1.offset & 1 == 1 ? $1.element.allocatable : 0) } >= units
      }.map(\.nonzeroBitCount).min()
      #expect(shares.count == fewest ?? candidates.count)
      if let fewest { sizes.insert(fewest) }
      guard fewest == 1, let only = shares.first else { continue }
      let enough = candidates.filter { $0.allocatable >= units }
      let best = enough.min {
        ($0.allocatable, -$0.priority, $0.location) < ($1.allocatable, -$1.priority, $1.location)
      }
      #expect(only.location == best?.location)
    }
    #expect(sizes.isSuperset(of: 1...4), "the dice show more than the simple cases")
  }

  @Test("nearest: by distance, unknown ones last; ties as most_stock, and all of it without a destination")
  func nearest() {
    var dice = SeededGenerator(seed: 36)
    for _ in 0..<2000 {
      let ranked = LocationPolicy.nearest.rank(Self.candidates(&dice), for: 5)
      for (one, next) in zip(ranked, ranked.dropFirst()) {
        let (near, far) = (one.distance ?? .max, next.distance ?? .max)
        #expect(near < far || (near == far && one.hasMore(than: next)))
      }
      let nowhere = Self.candidates(&dice).map {
        LocationPolicy.Candidate(location: $0.location, allocatable: $0.allocatable, priority: $0.priority)
      }
      #expect(LocationPolicy.nearest.rank(nowhere, for: 5) == LocationPolicy.mostStock.rank(nowhere, for: 5))
    }
  }

  @Test("what was seen is recorded in the policy's order")
  func description() {
    let candidates: [LocationPolicy.Candidate] = [
      .init(location: LocationID(trusted: "WH-1"), allocatable: 3, priority: 7, distance: 1200),
      .init(location: LocationID(trusted: "WH-2"), allocatable: 40, priority: 0),
      .init(location: LocationID(trusted: "WH-3"), allocatable: 0, priority: 0),
    ]
    func description(_ policy: LocationPolicy) -> String { policy.describe(policy.rank(candidates, for: 1)) }
    #expect(description(.mostStock) == "WH-2=40,WH-1=3")
    #expect(description(.fixedPriority) == "WH-1=3@7,WH-2=40@0")
    #expect(description(.fewestSplits) == "WH-1=3,WH-2=40")
    #expect(description(.nearest) == "WH-1=3@1200,WH-2=40")
  }

  private static func place(_ lat: String, _ lng: String) -> Coordinates {
    Coordinates(lat: ExactNumber(trusted: lat), lng: ExactNumber(trusted: lng))
  }

  @Test(
    "great circles: known distances, across the date line, over a pole, and to the other side",
    arguments: [
      (place("52.52", "13.405"), place("48.8566", "2.3522"), Int64(877_464)),
      (place("-17", "179"), place("-17", "-179"), 212_671), (place("89", "0"), place("89", "180"), 222_390),
      (place("0", "0"), place("0", "180"), 20_015_115), (place("90", "10"), place("90", "-50"), 0),
      (place("1e1", "20"), place("10.0", "2e1"), 0),
    ] as [(Coordinates, Coordinates, Int64)])
  func greatCircle(_ one: Coordinates, _ other: Coordinates, _ metres: Int64) throws {
    let distance = try #require(one.metres(to: other))
    #expect(abs(distance - metres) <= 100)
    #expect(one.metres(to: other) == other.metres(to: one))
  }
}
