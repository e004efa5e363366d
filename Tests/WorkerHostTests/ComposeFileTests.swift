import Foundation
import Testing

@testable import WorkerHost

@Suite("The compose file's settings")
struct ComposeFileTests {
  private let lines: [Substring]

  init() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docker-compose.yml")
    lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
  }

  @Test(
    "a setting that the file does not give itself is passed on from whoever runs it",
    arguments: Executable.allCases)
  func everySettingArrives(at executable: Executable) {
    let variables = variables(below: executable == .tallyman ? "  operator:" : "  \(executable.rawValue):")
    for setting in SettingsTable.all where setting.executables.contains(executable) {
      let names = [setting.name, setting.fileVariable].compactMap(\.self)
      #expect(names.contains { variables[$0] != nil }, "\(setting.name)")
    }
  }

  @Test("what is passed on keeps its name, has no default of the file's own, and is a setting")
  func namesAreKept() {
    let known = Set(SettingsTable.all.flatMap { [$0.name, $0.fileVariable].compactMap(\.self) })
    let given = lines.compactMap { $0.wholeMatch(of: /\s+(TALLYMAN_[A-Z_]+): (.*)/) }
    #expect(given.count > SettingsTable.all.count)
    for (name, value) in given.map({ ($0.1, $0.2) }) {
      #expect(known.contains(String(name)))
      // The password's file is given where there is a user.
      guard value.hasPrefix("${"), name != "TALLYMAN_SMTP_PASSWORD_FILE" else { continue }
      #expect(value == "${\(name):-}")
    }
  }

  /// The variables of ours below a line, with those of what is merged into it.
  private func variables(below head: String) -> [String: Substring] {
    guard let start = lines.firstIndex(where: { $0.hasPrefix(head) }) else { return [:] }
    let depth = lines[start].prefix { $0 == " " }.count
    let block = lines[(start + 1)...].prefix { $0.prefix { $0 == " " }.count > depth }
    var found: [String: Substring] = [:]
    for line in block {
      if let merged = line.wholeMatch(of: /\s+<<: \*([a-z-]+)/) {
        found.merge(variables(below: "x-\(merged.1): ")) { $1 }
      } else if let variable = line.wholeMatch(of: /\s+(TALLYMAN_[A-Z_]+): (.*)/) {
        found[String(variable.1)] = variable.2
      }
    }
    return found
  }
}
