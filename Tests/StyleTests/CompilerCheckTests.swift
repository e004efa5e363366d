import Foundation
import Testing

/// The build's own check, tried with a package of three tiny rooms: it is a flag of the toolchain, and one that stopped
/// working would fail no build.
@Suite("The build refuses what no dependency reaches")
struct CompilerCheckTests {
  @Test("A domain room that imports AMQP does not build; without that import it does")
  func domainCannotImportBroker() async throws {
    try await Toolchain.withTemporaryFolder { folder in
      try writePackage(in: folder)
      try writeAllocation(in: folder, imports: ["Outbox"])
      let allowed = try await build(folder)
      #expect(allowed.status == 0, "\(allowed.output)")

      try writeAllocation(in: folder, imports: ["AMQP", "Outbox"])
      let refused = try await build(folder)
      #expect(refused.status != 0)
      #expect(refused.output.contains("Allocation imports another target (AMQP)"), "\(refused.output)")
    }
  }

  @Test("make test and .ci/run build with the check switched on")
  func checkIsSwitchedOn() throws {
    let makefile = try String(contentsOf: SourceTree.root.appending(path: "Makefile"), encoding: .utf8)
    #expect(makefile.contains("--explicit-target-dependency-import-check error"))
    let ci = try String(contentsOf: SourceTree.root.appending(path: ".ci/run"), encoding: .utf8)
    #expect(ci.contains("make test"))
  }

  private func build(_ folder: URL) async throws -> Toolchain.Outcome {
    try await Toolchain.swift(
      [
        "build", "--package-path", folder.path, "--scratch-path", folder.appending(path: "build").path,
        "--explicit-target-dependency-import-check", "error",
      ], log: folder.appending(path: "build.log"))
  }

  private func writePackage(in folder: URL) throws {
    try write(
      """
      // swift-tools-version: 6.2
      import PackageDescription
      let package = Package(
        name: "trial",
        targets: [
          .target(name: "AMQP"), .target(name: "Outbox"), .target(name: "Allocation", dependencies: ["Outbox"]),
        ])
      """, to: "Package.swift", in: folder)
    try write("public enum Broker {}\n", to: "Sources/AMQP/Broker.swift", in: folder)
    try write("public enum Row {}\n", to: "Sources/Outbox/Row.swift", in: folder)
  }

  private func writeAllocation(in folder: URL, imports: [String]) throws {
    let text = imports.map { "import \($0)\n" }.joined() + "public enum Order {}\n"
    try write(text, to: "Sources/Allocation/Order.swift", in: folder)
  }

  private func write(_ text: String, to path: String, in folder: URL) throws {
    let file = folder.appending(path: path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }
}
