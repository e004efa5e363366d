import Foundation

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
    try Data().write(to: log)
    let handle = try FileHandle(forWritingTo: log)
    defer { try? handle.close() }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["timeout", "600", "swift"] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handle
    process.standardError = merged ? handle : FileHandle.nullDevice
    let status: Int32 = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    return Outcome(status: status, output: try String(contentsOf: log, encoding: .utf8))
  }
}
