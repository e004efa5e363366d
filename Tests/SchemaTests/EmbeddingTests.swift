import Foundation
import Testing

@testable import Schema

@Suite("SQL files travel inside the binary")
struct EmbeddingTests {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent()

  @Test("Every migration's text is its file's, byte for byte")
  func migrationsAreTheirFiles() throws {
    let folder = Self.tests.appending(path: "../../Sources/Schema/Migrations").standardizedFileURL
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .sorted { $0.path < $1.path }
    #expect(files.count == Migrations.latest)
    for (file, migration) in zip(files, Migrations.all) {
      #expect(try Data(contentsOf: file) == Data(migration.sql.utf8), "\(file.lastPathComponent)")
      #expect(file.lastPathComponent.hasSuffix("_\(migration.name).sql"))
    }
  }

  /// This target has the plugin too: the compiler itself reads back what the generator wrote.
  @Test("Quotes, backslashes and fences in a text survive")
  func hardText() throws {
    let file = Self.tests.appending(path: "Fixtures/0001_hard_text.sql")
    #expect(EmbeddedSQL.files.map(\.name) == ["0001_hard_text"])
    #expect(EmbeddedSQL.files.first.map { Data($0.text.utf8) } == (try Data(contentsOf: file)))
  }

  @Test("Migrations are numbered from 1 and leave transactions to the migrator")
  func migrationsAreInOrder() {
    #expect(Migrations.latest > 0)
    #expect(Migrations.all.map(\.number) == Array(1...Migrations.latest))
    for migration in Migrations.all {
      let control = migration.sql.lowercased().split(separator: "\n").filter {
        $0.contains(#/^\s*(begin|start\s+transaction|commit|rollback|abort|end)\s*;/#) && !$0.hasPrefix("  ")
      }
      #expect(control == [], "\(migration.number)_\(migration.name)")
    }
  }
}
