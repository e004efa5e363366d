/// What a sweeper has said lately. While its messages cannot travel it finds the same again and again: said each time,
/// an hour without a broker would put millions of them before the orders that wait.
///
/// Said again after a while, and twice as long after each time: whatever has become of a message, what is still found
/// is not forgotten. Like a sweeper's connection it belongs to one lane.
public final class SweepMemory {
  private static let shortest = Duration.seconds(30)
  private static let longest = Duration.seconds(600)

  private var said: [String: Said] = [:]

  private struct Said {
    var again: ContinuousClock.Instant
    var pause: Duration
  }

  /// Nothing has been said.
  public init() {}

  /// Takes in what was found, and forgets what is found no more.
  ///
  /// - Parameters:
  ///   - found: By names of their own.
  ///   - now: The time.
  /// - Returns: Of each whether it is to be said.
  func areDue(_ found: [String], at now: ContinuousClock.Instant = .now) -> [Bool] {
    let before = said
    said = [:]
    return found.map { name in
      guard let last = before[name] else {
        said[name] = Said(again: now + SweepMemory.shortest, pause: SweepMemory.shortest)
        return true
      }
      said[name] = last
      guard now >= last.again else { return false }
      let pause = min(last.pause * 2, SweepMemory.longest)
      said[name] = Said(again: now + pause, pause: pause)
      return true
    }
  }
}
