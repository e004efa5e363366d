import Contracts
import Messaging
import TestServers
import Testing

@testable import Stock

@LongComputation @Suite("Properties of random histories: what always holds")
struct InvariantProperties {
  @Test("after any history, dealt out in any way, every promise of the domain is kept")
  func invariants() {
    forAll(2000) { history throws(Broken) in _ = try history.world() }
  }

  @Test("nobody waits while stock lies free, once everything has been delivered")
  func nobodyWaits() {
    forAll(1000, seed: 50_000) { history throws(Broken) in
      let due = try history.world().due
      try require(due.isEmpty, "nobody waits while stock lies free", "\(due)")
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

  @Test("whatever is published can be read as any consumer would")
  func readable() {
    forAll(150, seed: 80_000) { history throws(Broken) in
      for event in try history.world().published {
        do {
          let read = try IncomingMessage.decode(
            body: event.encode(), contentType: OutgoingEvent.contentType, messageID: event.id,
            routingKey: event.event.type.rawValue)
          try require(read.event == event.event, "what is read is what was said", "\(event.event)")
        } catch let broken as Broken {
          throw broken
        } catch {
          throw Broken("what is published keeps its own rules", "\(error): \(event.event)")
        }
      }
    }
  }
}
