/// What a sweeper has said lately. While its messages cannot travel it finds the same again and again: said each time,
/// an hour without a broker would put millions of them before the orders that wait.
///
/// Said again after a while, and twice as long after each time: whatever has become of a message, what is still found
/// is not forgotten. Like a sweeper's connection it belongs to one lane.
public final class SweepMemory {
  private static let shortest = Duration.seconds(30)
  private static let longest = Duration.seconds(600)

  private var said: [String: Said] = [:]

  fileprivate struct Said {
    var again: ContinuousClock.Instant
    var pause: Duration
  }

  /// Nothing has been said.
  public init() {}

  /// What is to be said, and what there is to remember once it has been said.
  struct Plan {
    /// Of each finding whether it is to be said.
    fileprivate(set) var areDue: [Bool] = []
    fileprivate var said: [String: Said] = [:]
  }

  /// Looks at what was found. Changes nothing: whether it is said is known only when it is committed.
  ///
  /// - Parameters:
  ///   - found: By names of their own.
  ///   - now: The time.
  func plan(_ found: [String], at now: ContinuousClock.Instant = .now) -> Plan {
    var plan = Plan()
    for name in found {
      let last = said[name]
      let isDue = last.map { now >= $0.again } ?? true
      plan.areDue.append(isDue)
      guard isDue else {
        plan.said[name] = last
        continue
      }
      let pause = last.map { min($0.pause * 2, SweepMemory.longest) } ?? SweepMemory.shortest
      plan.said[name] = Said(again: now + pause, pause: pause)
    }
    return plan
  }

  /// It has been said; what was found no more is forgotten.
  func keep(_ plan: Plan) { said = plan.said }
}
