import Foundation
import Testing

@testable import WorkerHost

@Suite("The settings' documentation")
struct SettingsDocumentTests {
  /// With `UPDATE_SNAPSHOTS=1` the file is written anew.
  @Test("topology/SETTINGS.md is what the table says")
  func current() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "topology/SETTINGS.md")
    if ProcessInfo.processInfo.environment["UPDATE_SNAPSHOTS"] == "1" {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try SettingsTable.markdown.write(to: file, atomically: true, encoding: .utf8)
    }
    let written = try String(contentsOf: file, encoding: .utf8)
    #expect(written == SettingsTable.markdown, "out of date: run the tests with UPDATE_SNAPSHOTS=1")
  }

  @Test("every setting has a row with default, meaning and readers")
  func complete() {
    let rows = SettingsTable.markdown.split(separator: "\n").filter { $0.hasPrefix("| `TALLYMAN_") }
    #expect(rows.count == SettingsTable.all.count)
    for setting in SettingsTable.all {
      #expect(rows.contains { $0.contains("`\(setting.name)`") && $0.contains(setting.meaning) })
      #expect(setting.meaning.hasSuffix("."), "\(setting.name)")
      #expect(!setting.executables.isEmpty)
    }
  }
}
