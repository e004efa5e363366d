import Contracts
import Messaging
import Testing

@testable import Stock

@Suite("Properties of random histories: what always holds")
struct InvariantProperties {
  @Test("after any history, dealt out in any way, every promise of the domain is kept")
  func invariants() {
    forAll(2000) { history throws(Broken) in _ = try history.world() }
  }

  @Test("nobody waits while stock lies free, once everything has been delivered")
  func nobodyWaits() {
    forAll(500, seed: 50_000) { history throws(Broken) in
      let due = try history.world().due
      try require(due.isEmpty, "nobody waits while stock lies free", "\(due)")
    }
  }

  @Test("the generator reaches every kind of message in every way that it can end")
  func coverage() throws {
    var seen: [String: Int] = [:]
    for seed in UInt64(1)...400 {
      for ending in try Generator.history(seed: seed).world().endings {
        seen["\(ending.message.envelope.type.rawValue) \(ending.outcome.rawValue)", default: 0] += 1
      }
    }
    let wanted: [EventType: Set<Outcome>] = [
      .productRegistered: [.applied, .duplicate], .locationRegistered: [.applied],
      .stockPolicySet: [.applied, .unchanged, .retried], .goodsReceived: [.applied, .duplicate, .retried],
      .stockMoveRequested: [.applied, .retried], .orderCreated: [.applied, .duplicate, .retried],
      .orderCancelled: [.applied, .unchanged, .deadLettered],
      .shipmentDispatched: [.applied, .retried, .deadLettered], .stockReceived: [.applied, .unchanged],
      .stockMoved: [.applied, .unchanged], .reservationReleased: [.applied, .unchanged],
    ]
    for (type, outcomes) in wanted {
      for outcome in outcomes {
        #expect(seen["\(type.rawValue) \(outcome.rawValue)", default: 0] > 0, "\(type) \(outcome): \(seen)")
      }
    }
  }

  @Test("a message that is refused, put off or has nothing to change leaves everything as it was")
  func refusalsChangeNothing() {
    forAll(400, seed: 60_000) { history throws(Broken) in
      let world = World()
      var broker = Broker(world, .plain)
      for step in history.steps {
        let (before, said, ended) = (world.summary(), world.published.count, world.endings.count)
        try broker.work(through: [step])
        if world.endings[ended...].contains(where: { $0.outcome == .applied }) { continue }
        try require(world.summary() == before, "what is not applied changes nothing", "\(step)")
        try require(world.published.count == said, "what is not applied says nothing", "\(step)")
      }
    }
  }

  @Test("whatever a decision changes is marked to be written")
  func marks() {
    forAll(300, seed: 70_000) { history throws(Broken) in
      let world = World()
      world.watchesMarks = true
      try history.run(in: world)
    }
  }
}
