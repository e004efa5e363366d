import Foundation
import TestServers

/// Runs the Swift toolchain beside the tests, without blocking the thread pool that all tests share.
enum Toolchain {
  /// What a finished command left.
  struct Outcome: Sendable {
    let status: Int32
    let output: String
  }

  /// A folder that disappears after `body`. Nested builds need a scratch path of their own: the build that runs these
  /// tests holds the lock of the usual one.
  static func withTemporaryFolder<Success>(_ body: (URL) async throws -> Success) async throws -> Success {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tallyman-style-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
  }

  /// Runs `swift` with these arguments, bounded to ten minutes.
  ///
  /// - Parameter log: Receives standard output; standard error goes to the same file if `merged`.
  static func swift(_ arguments: [String], log: URL, merged: Bool = true) async throws -> Outcome {
    let errors = merged ? "2>&1" : "2>/dev/null"
    let ended = try await Child.runApart(
      ["/bin/sh", "-c", #"log=$1; shift; timeout 600 swift "$@" >"$log" "# + errors + "; echo $?", "swift", log.path]
        + arguments)
    let status = Int32(ended.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    return Outcome(status: status, output: try String(contentsOf: log, encoding: .utf8))
  }
}
