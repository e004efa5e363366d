import Synchronization

/// Lets one lane work while all others of this process stand still.
///
/// When the process dies of a message, whatever its other lanes were at would look just as guilty. A message under
/// suspicion therefore waits until they have finished, and they wait for it.
final class Standstill: Sendable {
  /// Many times as long as a message takes.
  static let quietMoment = Duration.milliseconds(200)

  private struct State {
    var working = 0
    var waitingForAll = 0
    var isHeld = false
  }

  private let state = Mutex(State())

  /// Begins ordinary work, unless somebody wants to be alone.
  func tryWork() -> Bool {
    state.withLock {
      guard !$0.isHeld, $0.waitingForAll == 0 else { return false }
      $0.working += 1
      return true
    }
  }

  /// Ends what ``tryWork()`` began.
  func endWork() { state.withLock { $0.working -= 1 } }

  /// Asks the others to stand still after the work in hand. Followed by ``withdraw()``.
  func ask() { state.withLock { $0.waitingForAll += 1 } }

  /// No longer asks.
  func withdraw() { state.withLock { $0.waitingForAll -= 1 } }

  /// Begins work alone, if nobody else works.
  func tryAlone() -> Bool {
    state.withLock {
      guard !$0.isHeld, $0.working == 0 else { return false }
      $0.isHeld = true
      return true
    }
  }

  /// Ends what ``tryAlone()`` began.
  func endAlone() { state.withLock { $0.isHeld = false } }
}

extension LaneContext {
  /// Runs a piece of work beside the other lanes' once nobody needs to be alone.
  ///
  /// - Returns: Nil when the process is to stop and the work was not begun.
  func work<Result>(serving link: BrokerLink? = nil, _ body: () throws -> Result) throws -> Result? {
    guard try waitUntil(serving: link, { standstill.tryWork() }) else { return nil }
    defer { standstill.endWork() }
    return try body()
  }

  /// Runs a piece of work while all other lanes stand still, after a moment in which nobody works at all.
  ///
  /// Who dies in that moment did not die of this work. Without it an innocent message was condemned now and then:
  /// killed by something else soon after each start, ten times in a row, the worker had just begun with it each time.
  ///
  /// - Returns: Nil when the process is to stop and the work was not begun.
  func workAlone<Result>(serving link: BrokerLink, _ body: () throws -> Result) throws -> Result? {
    standstill.ask()
    defer { standstill.withdraw() }
    guard try waitUntil(serving: link, { standstill.tryAlone() }) else { return nil }
    defer { standstill.endAlone() }
    try wait(Standstill.quietMoment, servingOrThrowing: link)
    return stop.isRaised ? nil : try body()
  }

  private func waitUntil(serving link: BrokerLink?, _ isSo: () -> Bool) throws -> Bool {
    while !isSo() {
      if stop.isRaised { return false }
      try wait(.milliseconds(2), servingOrThrowing: link)
    }
    return true
  }
}
