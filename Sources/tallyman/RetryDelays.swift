import ArgumentParser
import Messaging

/// Delays of the retry tiers: `5s,30s,5m`, or `allocation=5s,30s,5m` for one queue.
struct RetryDelays: Sendable, Equatable {
  /// The work queue; nil for all.
  let queue: String?
  /// One for each tier, ascending.
  let delays: [Duration]

  /// - Throws: The rule that the text breaks.
  init(text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    queue = parts.count == 2 ? String(parts[0]) : nil
    let texts = parts[parts.count - 1].split(separator: ",", omittingEmptySubsequences: false)
    delays = try texts.map { text in
      guard let delay = RetryDelays.delay(text) else {
        throw ValidationError("\(text) must be 1s to 24h, a number with s, m or h")
      }
      return delay
    }
    guard delays.count == RetryTier.all.count else {
      throw ValidationError("there are \(RetryTier.all.count) tiers, one delay for each, such as 5s,30s,5m")
    }
    // A tier that is shorter than the one before it would be a mistake of the order.
    guard zip(delays, delays.dropFirst()).allSatisfy(<=) else {
      throw ValidationError("no delay must be shorter than the one before it")
    }
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
