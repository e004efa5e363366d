/// Compares the lines of a message with those that came under the same id before.
public enum Repeated {
  /// Parts of a message in words, such as `line 1 at WH-1`, with their units.
  public typealias Parts = [(what: String, quantity: Int64)]

  /// Where the lines of a repetition differ, as words for its reason: what was said before and what is said now, each
  /// only of that in which they differ. Nil where each part comes to as many units, however its lines divide it.
  public static func difference(of known: Parts, and new: Parts) -> (known: String, new: String)? {
    let (before, now) = (sums(known), sums(new))
    let differing = Set(before.keys).union(now.keys).filter { before[$0] != now[$0] }
    guard !differing.isEmpty else { return nil }
    return (words(before, differing), words(now, differing))
  }

  private static func sums(_ parts: Parts) -> [String: Int64] {
    parts.reduce(into: [:]) { $0[$1.what, default: 0] += $1.quantity }
  }

  /// Three of them at most: a dead letter is read by people.
  private static func words(_ sums: [String: Int64], _ differing: Set<String>) -> String {
    let listed = differing.sorted().prefix(3).map { "\(sums[$0, default: 0]) of \($0)" }
    return listed.joined(separator: ", ") + (differing.count > 3 ? " and \(differing.count - 3) more" : "")
  }
}
