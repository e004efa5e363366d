import Foundation
import TestServers
import Testing

/// What a batch costs, counted: a figure above its bound fails, however fast the machine is.
///
/// `bounds.json` beside this file has the bounds; `Tests/Benchmarks/guard.py` says how the figures are counted.
@Suite("The cost of a batch")
struct BatchCostTests {
  @Test("Round trips, statements, log bytes, allocations and instructions stay within their bounds")
  func costs() async throws {
    let output = try await Child.runApart(["/usr/bin/env", "python3", Self.script, Self.programs])
    #expect(output.contains("round trips per batch: "))
    print(output)
  }

  @Test("A figure above its bound fails")
  func boundsCanFail() async throws {
    let program = """
      import sys; sys.path.insert(0, sys.argv[1]); import guard
      high, low = {"x": {"debug": 2, "release": 2}}, {"x": {"debug": 1, "release": 1}}
      assert guard.compare({"x": 1.5}, high, "debug") and not guard.compare({"x": 1.5}, low, "debug")
      assert guard.compare({"x": None}, low, "debug")
      """
    let folder = URL(filePath: Self.script).deletingLastPathComponent().path
    try await Child.runApart(["/usr/bin/env", "python3", "-c", program, folder])
  }

  private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Benchmarks/guard.py").path
  /// Beside the test bundle, where the package manager has built them.
  private static let programs = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path
}
