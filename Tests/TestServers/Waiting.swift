/// The longest that anything in a test may take to happen.
///
/// One bound for all, and a wide one: a test that passes never waits for it, and a machine that is busy with everything
/// else must not make a test fail.
public let patience = Duration.seconds(180)

/// Looks again and again until it is so, for as long as ``patience`` lasts.
///
/// The bound is looked at after the condition: whoever got no processor for a while looks once more.
///
/// - Parameters:
///   - what: What is to happen, for the failure's text.
///   - detail: More for that text, asked for in the end.
///   - isSo: Whether it has happened.
/// - Throws: ``NeverHappened``, or what `isSo` throws.
public func eventually(
  _ what: String, or detail: () async throws -> any StringProtocol = { "" }, _ isSo: () async throws -> Bool
) async throws {
  let clock = ContinuousClock()
  let end = clock.now + patience
  while true {
    let isLast = clock.now >= end
    if try await isSo() { return }
    if isLast { throw NeverHappened("\(what)\n\(try await detail())") }
    try await clock.sleep(for: .milliseconds(20))
  }
}

/// Runs what has to end by itself, in whichever way, and not by a time-out of ``patience``.
///
/// - Parameters:
///   - what: What it is, for the failure's text.
///   - body: Blocks; the clock is that of its thread.
/// - Throws: ``NeverHappened`` if it took as long as half a time-out; else what `body` throws.
public func atOnce(_ what: String, _ body: () throws -> Void) throws {
  let start = ContinuousClock.now
  let result = Result { try body() }
  guard start.duration(to: .now) < patience / 2 else { throw NeverHappened("\(what) ended at once: \(result)") }
  try result.get()
}

/// A test waited in vain.
public struct NeverHappened: Error, CustomStringConvertible {
  /// For what.
  public let description: String

  /// - Parameter what: What should have happened.
  public init(_ what: String) { description = "it never happened: \(what)" }
}
