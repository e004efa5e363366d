import Contracts
import TestServers
import Testing

@testable import Stock

@LongComputation @Suite("A broken rule is found and cut down")
struct ShrinkerTests {
  /// A cancellation that forgets to give the last line back.
  private static func forgetful(_ world: World, _ event: Event) {
    guard case .orderCancelled(let cancellation) = event, let order = world.orders[cancellation.orderID],
      order.lines.count > 1, let line = order.lines.last, let reservation = line.reservations.last
    else { return }
    world.items[line.sku]?.balance(at: reservation.location)?.row.reserved += 1
  }

  /// The first history that shows it, looked at from one side only.
  private static func counterexample() -> Counterexample? {
    for seed in UInt64(1)...300 {
      let found = Counterexample(Generator.history(seed: seed), seed: seed) { history throws(Broken) in
        do throws(Broken) {
          _ = try history.world(forgetful)
        } catch {
          if error.promise == "the sum of the ledger is the balance" { throw error }
        }
      }
      if let found { return found }
    }
    return nil
  }

  @Test("a cancellation that forgets a line: products, place, receipt, order and cancellation remain")
  func forgottenLine() throws {
    let found = try #require(ShrinkerTests.counterexample())
    #expect(found.originalSize > 8, "\(found)")
    #expect(found.history.steps.count <= 6, "\(found)")
    let orders = found.history.steps.compactMap { if case .orderCreated(let order) = $0.event { order } else { nil } }
    #expect(orders.count == 1, "\(found)")
    #expect(orders.first?.lines.map(\.quantity) == [1, 1], "\(found)")
    #expect(Document.quantities(in: found.history).allSatisfy { $0 == 2 }, "a receipt of both units: \(found)")
    #expect(found.history.schedule == .plain)
  }

  @Test("the same seed gives the same counterexample, and what is printed reads back as the same history")
  func deterministic() throws {
    let one = try #require(ShrinkerTests.counterexample())
    let other = try #require(ShrinkerTests.counterexample())
    #expect(one.history == other.history)
    #expect(one.seed == other.seed)
    let lines = one.history.description.split(separator: "\n").dropFirst().dropLast()
    #expect(try History(json: lines.joined(separator: "\n"), schedule: one.history.schedule) == one.history)
  }

  @Test("a history is dealt out in the same way every time")
  func repeatable() throws {
    for seed in UInt64(1)...50 {
      let (one, other) = (Generator.history(seed: seed), Generator.history(seed: seed))
      #expect(one == other)
      #expect(try one.world().summary() == other.world().summary())
    }
  }
}
