import Foundation
import PipelineKit
import TestServers
import Testing

/// The program itself, as the shell runs it.
enum Program {
  /// How a run ended.
  struct Run: Sendable {
    let code: Int
    let output: String
    let errors: String
  }

  /// Runs `tallyman` with these variables and no others of ours.
  static func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> Run {
    try await run(arguments, environment: environment)
  }

  /// As the other one, with a list.
  static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Run {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tallyman-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let command = ["/bin/bash", "-c", #"folder=$1; shift; "$@" >"$folder/out" 2>"$folder/err"; echo $?"#, "run"]
    let variables = environment.map { "\($0.key)=\($0.value)" }
    let search = "PATH=\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
    let all = command + [folder.path, "/usr/bin/env", "-i", search] + variables + [path] + arguments
    let code = try await withCheckedThrowingContinuation { (done: CheckedContinuation<String, any Error>) in
      Thread.detachNewThread { done.resume(with: Result { try Child.run(all) }) }
    }
    return Run(
      code: Int(code.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1,
      output: try String(contentsOf: folder.appending(path: "out"), encoding: .utf8),
      errors: try String(contentsOf: folder.appending(path: "err"), encoding: .utf8))
  }

  /// Runs `tallyman` on a house's database, by default with the operator's role.
  static func run(_ arguments: [String], on house: House, as role: String = "tallyman_operator") async throws -> Run {
    let url = try PostgresServer.shared().conninfo(database: house.name, user: role)
    return try await run(arguments, environment: ["TALLYMAN_DATABASE_URL": url])
  }

  /// Beside the test bundle, where the package manager has built it.
  static let path = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "tallyman").path

  /// The repository's top: this file is in Tests/TallymanTests.
  static let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
