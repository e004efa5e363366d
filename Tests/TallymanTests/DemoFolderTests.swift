import Foundation
import TestServers
import Testing

@Suite("The demo's folder", .serialized)
struct DemoFolderTests {
  private static let script = Program.repository.appending(path: "topology/local/demo.sh").path

  /// Runs the demo's script on a folder that has been chosen and returns its exit code and what it said.
  private func demo(_ command: String, in folder: URL) throws -> (code: String, text: String) {
    let text = try Child.run([
      "/bin/bash", "-c", #"DEMO_DIR=$3 bash "$1" "$2" 2>&1; echo $?"#, "demo", Self.script, command, folder.path,
    ])
    let lines = text.split(separator: "\n")
    return (String(lines.last ?? ""), lines.dropLast().joined(separator: "\n"))
  }

  /// A folder with things of somebody's that are called like the demo's, while the body runs.
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tallyman-demo-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["log", "secrets", "letters"] {
      let inner = folder.appending(path: name)
      try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: inner.appending(path: "file"))
    }
    try body(folder)
  }

  private func names(in folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  @Test("a folder that no demo made is neither used nor emptied", arguments: ["up", "down"])
  func foreign(command: String) throws {
    try withFolder { folder in
      let run = try demo(command, in: folder)
      #expect(run.code == "1" && run.text.contains("DEMO_DIR=\(folder.path): "), "\(run)")
      #expect(try names(in: folder) == ["letters", "log", "secrets"])
      #expect(try names(in: folder.appending(path: "secrets")) == ["file"])
    }
  }

  @Test("from one that a demo made its own things are removed, and no others")
  func ours() throws {
    try withFolder { folder in
      try Data().write(to: folder.appending(path: ".tallyman-demo"))
      let run = try demo("down", in: folder)
      #expect(run.code == "0", "\(run)")
      #expect(try names(in: folder) == ["letters"])
    }
  }
}
