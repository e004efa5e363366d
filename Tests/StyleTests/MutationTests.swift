import Foundation
import Testing

/// `make mutations` takes long and runs seldom: that its patches still fit the source is checked here.
@Suite("The mutations that prove the oracle fit the source")
struct MutationTests {
  /// What a patch expects to find in a file.
  struct Hunk: CustomStringConvertible {
    let patch: String
    let path: String
    var before: [Substring] = []

    var description: String { "\(patch) at \(path)" }
  }

  @Test("Every hunk of every patch finds the lines that it changes, in one place only")
  func patchesApply() throws {
    let patches = try SourceTree.files(under: "Tests/Faults/mutations") { $0.pathExtension == "patch" }
    #expect(patches.count >= 13)
    for patch in patches {
      let hunks = MutationTests.hunks(of: patch)
      #expect(!hunks.isEmpty, "\(patch.path) changes nothing")
      for hunk in hunks {
        let source = try String(contentsOf: SourceTree.root.appending(path: hunk.path), encoding: .utf8)
        #expect(MutationTests.places(of: hunk.before, in: source) == 1, "\(hunk)")
      }
    }
  }

  private static func hunks(of patch: SourceTree.File) -> [Hunk] {
    var path = ""
    var hunks: [Hunk] = []
    for line in patch.text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("--- a/") {
        path = String(line.dropFirst(6))
      } else if line.hasPrefix("@@") {
        hunks.append(Hunk(patch: patch.path, path: path))
      } else if line.hasPrefix(" ") || (line.hasPrefix("-") && !line.hasPrefix("---")), !hunks.isEmpty {
        hunks[hunks.count - 1].before.append(line.dropFirst())
      }
    }
    return hunks
  }

  private static func places(of lines: [Substring], in source: String) -> Int {
    let source = source.split(separator: "\n", omittingEmptySubsequences: false)
    guard !lines.isEmpty, source.count >= lines.count else { return 0 }
    return (0...(source.count - lines.count)).count { source[$0..<($0 + lines.count)].elementsEqual(lines) }
  }
}
