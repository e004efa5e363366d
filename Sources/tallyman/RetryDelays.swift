import ArgumentParser
import Messaging

/// Delays of the retry tiers: `5s,30s,5m`, or `allocation=5s,30s,5m` for one queue.
struct RetryDelays: ExpressibleByArgument, Sendable, Equatable {
  /// The work queue; nil for all.
  let queue: String?
  /// One for each tier, ascending.
  let delays: [Duration]

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    queue = parts.count == 2 ? String(parts[0]) : nil
    let texts = parts[parts.count - 1].split(separator: ",", omittingEmptySubsequences: false)
    delays = texts.compactMap(RetryDelays.delay)
    // A tier that is shorter than the one before it would be a mistake of the order.
    guard delays.count == texts.count, delays.count == RetryTier.all.count,
      zip(delays, delays.dropFirst()).allSatisfy(<=)
    else { return nil }
  }

  /// One second to one day.
  private static func delay(_ text: Substring) -> Duration? {
    let seconds: [Character: Int] = ["s": 1, "m": 60, "h": 3600]
    guard let unit = text.last, let factor = seconds[unit], let number = Int(text.dropLast()), number >= 1,
      number <= 86_400 / factor
    else { return nil }
    return .seconds(number * factor)
  }
}
