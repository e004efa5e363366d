import Testing

/// Looks for a history that breaks a promise, and reports the smallest one that it can make of it.
///
/// - Parameters:
///   - count: How many histories are tried.
///   - seed: Of the first one.
///   - make: A history from a seed.
///   - holds: Throws ``Broken`` where a promise does not hold.
func forAll(
  _ count: Int, seed: UInt64 = 1, make: (UInt64) -> History = { Generator.history(seed: $0) },
  sourceLocation: SourceLocation = #_sourceLocation, _ holds: (History) throws(Broken) -> Void
) {
  for seed in seed..<(seed + UInt64(count)) {
    guard let counterexample = Counterexample(make(seed), seed: seed, holds) else { continue }
    Issue.record(Comment(rawValue: counterexample.description), sourceLocation: sourceLocation)
    return
  }
}

/// A history that breaks a promise, cut down.
struct Counterexample: CustomStringConvertible {
  let seed: UInt64
  let broken: Broken
  let history: History
  let originalSize: Int

  /// - Returns: nil where the promise holds.
  init?(_ history: History, seed: UInt64, _ holds: (History) throws(Broken) -> Void) {
    func breach(_ history: History) -> Broken? {
      do throws(Broken) {
        try holds(history)
        return nil
      } catch {
        return error
      }
    }
    guard let first = breach(history) else { return nil }
    let small = withoutActuallyEscaping(breach) { breach in
      var shrinker = Shrinker { breach($0)?.promise == first.promise }
      return shrinker.shrink(history)
    }
    self.seed = seed
    self.history = small
    broken = breach(small) ?? first
    originalSize = history.steps.count
  }

  var description: String {
    "\(broken)\nseed \(seed), \(history.steps.count) of \(originalSize) messages are enough:\n\(history)"
  }
}
