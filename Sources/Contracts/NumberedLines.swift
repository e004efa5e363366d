/// A line of a document that others name by its number. Of some documents the publisher may leave the numbering to us.
protocol NumberedLine {
  /// Its number, from 1; ``unnumbered`` where the document gave none.
  var line: Int32 { get set }
}

extension NumberedLine {
  /// Stands for a line that came without a number.
  static var unnumbered: Int32 { 0 }
}

extension Array where Element: NumberedLine {
  /// Numbers the lines from 1 where none has a number; otherwise each needs one of its own.
  ///
  /// - Parameter whole: What the lines are of, for the refusal: `order`.
  consuming func numbered(in whole: String) throws(Malformed) -> [Element] {
    guard allSatisfy({ $0.line == Element.unnumbered }) else { return try distinct(in: whole) }
    for index in indices { self[index].line = Int32(index + 1) }
    return self
  }

  /// Refuses lines of which one has no number, or another's.
  ///
  /// - Parameter whole: What the lines are of, for the refusal: `order`.
  func distinct(in whole: String) throws(Malformed) -> [Element] {
    if isNumberedUpwards { return self }
    var seen: Set<Int32> = []
    for (index, line) in enumerated() {
      if line.line == Element.unnumbered {
        throw Malformed(field: "lines[\(index)].line", value: "absent", rule: "present in all lines or in none")
      }
      if !seen.insert(line.line).inserted {
        throw Malformed(field: "lines[\(index)].line", value: "\(line.line)", rule: "unique in its \(whole)")
      }
    }
    return self
  }

  /// Whether each has a number greater than the one before, as in nearly all documents.
  private var isNumberedUpwards: Bool {
    var last = Element.unnumbered
    for index in indices {
      guard self[index].line > last else { return false }
      last = self[index].line
    }
    return true
  }
}
