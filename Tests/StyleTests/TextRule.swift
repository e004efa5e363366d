import Foundation

/// A rule about a file's text, line by line or as a whole.
struct TextRule: Sendable {
  let name: String
  /// Lines that break the rule, from 1.
  let lines: @Sendable (_ text: String) -> [Int]

  func violations(in file: SourceTree.File) -> [Violation] {
    lines(file.text).map { Violation(path: file.path, line: $0, rule: name) }
  }
}

extension TextRule {
  /// Rules of the code that ships: what may stop a program has no place in it.
  static let product: [TextRule] = [
    .line("imports Foundation: FoundationEssentials at most") { $0.hasSuffix("import Foundation") },
    .code("uses try!", forbidding: "try!"),
    .code("uses as!", forbidding: "as!"),
    .code("calls fatalError", forbidding: "fatalError("),
  ]

  /// Rules of every Swift file.
  static let swift: [TextRule] = [
    TextRule(name: "file has more than 400 lines") { text in
      let count = text.split(separator: "\n", omittingEmptySubsequences: false).count
      return count > 401 ? [count] : []
    },
    .line("line has more than 120 characters") { $0.count > 120 },
  ]

  /// Rules of every text file: no unfinished work, no place on somebody's machine. Written in two halves, since this
  /// file obeys them too.
  static let words: [TextRule] =
    ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].map { word in
      .line("says \(word): finish it or open an issue") { line in
        line.ranges(of: word).contains { isBoundary(line, before: $0) && isBoundary(line, after: $0) }
      }
    }
    + ["/ho" + "me/", "/ro" + "ot/", "/wo" + "rk/"].map { place in
      .line("names a folder of one machine") { line in
        line.ranges(of: place).contains { isBoundary(line, before: $0) }
      }
    }

  /// Folders named by what they are not.
  static let shapelessFolders: Set<String> = ["utils", "util", "common", "helpers", "helper", "misc", "new"]

  static func isShapeless(folder path: String) -> Bool {
    path.split(separator: "/").contains { shapelessFolders.contains($0.lowercased()) }
  }

  private static func isBoundary(_ line: Substring, before range: Range<String.Index>) -> Bool {
    range.lowerBound == line.startIndex || !isWordLike(line[line.index(before: range.lowerBound)])
  }

  private static func isBoundary(_ line: Substring, after range: Range<String.Index>) -> Bool {
    range.upperBound == line.endIndex || !isWordLike(line[range.upperBound])
  }

  private static func isWordLike(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || "._-~*}".contains(character)
  }

  /// A rule about single lines.
  private static func line(_ name: String, breaks: @escaping @Sendable (Substring) -> Bool) -> TextRule {
    TextRule(name: name) { text in
      text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().filter { breaks($1) }.map {
        $0.offset + 1
      }
    }
  }

  /// A rule about a word in single lines without their comment.
  private static func code(_ name: String, forbidding word: String) -> TextRule {
    line(name) { line in
      guard line.contains(word) else { return false }
      let comment = line.firstMatch(of: #/(^|\s)\/\//#)
      let code = comment.map { line[..<$0.range.lowerBound] } ?? line
      return code.ranges(of: word).contains { isBoundary(code, before: $0) }
    }
  }
}
