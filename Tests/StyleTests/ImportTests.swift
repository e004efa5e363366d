import Foundation
import Testing

@Suite("Imports run one way")
struct ImportTests {
  @Test("Every file imports only what its target declares in Package.swift")
  func directDependenciesOnly() async throws {
    let manifest = try await Manifest.ofRepository()
    var checked = 0
    for room in manifest.rooms where room.kind != "system" {
      let files = try SourceTree.swift(under: room.folder)
      checked += files.count
      #expect(files.flatMap { ImportRule.violations(in: $0, of: room) } == [])
    }
    let all = try SourceTree.swift(under: "Sources") + SourceTree.swift(under: "Tests")
    #expect(checked == all.count, "every Swift file belongs to exactly one target")
    #expect(checked > 0)
  }

  @Test("No target declares what none of its files imports, but for the programs that tests run")
  func nothingInVain() async throws {
    let manifest = try await Manifest.ofRepository()
    let programs = Set(manifest.rooms.filter { $0.kind == "executable" }.map { Manifest.moduleName($0.name) })
    for room in manifest.rooms where !["system", "plugin"].contains(room.kind) {
      let files = try SourceTree.swift(under: room.folder)
      let imported = Set(files.flatMap { file in ImportRule.imports(in: file.text).map(\.module) })
      #expect(room.dependencies.subtracting(imported).subtracting(programs) == [], "\(room.name)")
    }
  }

  @Test("Package.swift lets no domain room see the broker, a C library or another domain")
  func domainsAreApart() async throws {
    let manifest = try await Manifest.ofRepository()
    let domains: Set<String> = ["Inventory", "Allocation", "Notifications"]
    let wire: Set<String> = ["AMQP", "CRabbitMQ", "CPostgres", "CCurl"]
    for name in domains.union(["Stock", "Messaging", "Outbox", "Contracts"]) {
      let room = try #require(manifest.rooms.first { $0.name == name })
      #expect(room.dependencies.intersection(wire) == [], "\(name)")
      #expect(room.dependencies.intersection(domains) == [], "\(name)")
    }
    let writers = manifest.rooms.filter { $0.dependencies.contains("AMQP") && $0.kind == "regular" }.map(\.name)
    #expect(Set(writers).subtracting(["TestServers"]) == ["OutboxRelay", "WorkerHost"])
  }

  @Test("Packages are named by their public addresses")
  func packageAddresses() async throws {
    let addresses = try await Manifest.ofRepository().packageAddresses
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { $0.hasPrefix("https://github.com/") })
  }

  @Test(
    "A domain file that imports the broker or libpq is refused",
    arguments: [
      "import AMQP", "import CPostgres", "internal import CRabbitMQ", "@preconcurrency public import AMQP",
      "import struct AMQP.Properties", "import Foundation", "  import Inventory",
    ])
  func refusesWhatIsNotDeclared(line: String) async throws {
    let allocation = try #require(try await Manifest.ofRepository().rooms.first { $0.name == "Allocation" })
    let file = SourceTree.File(path: "Sources/Allocation/Fake.swift", text: "import Contracts\n\(line)\n")
    let violations = ImportRule.violations(in: file, of: allocation)
    #expect(violations.map(\.line) == [2])
    #expect(violations.first?.description.contains("Allocation") == true)
  }

  @Test("What a target declares is accepted, and prose or literals are no imports")
  func acceptsWhatIsDeclared() {
    let room = Manifest.Room(
      name: "Allocation", kind: "regular", folder: "Sources/Allocation", dependencies: ["Stock", "inventory_worker"])
    let text = [
      "import FoundationEssentials", "import Stock", "@testable import inventory_worker", "// import AMQP",
      "/// To import AMQP is forbidden.", "let example = \"\"\"", "  import CPostgres", "  \"\"\"",
      "#if canImport(Glibc)",
      "  import Glibc", "#endif",
    ].joined(separator: "\n")
    #expect(ImportRule.violations(in: .init(path: "x.swift", text: text), of: room) == [])
    #expect(ImportRule.imports(in: text).map(\.line) == [1, 2, 3, 10])
  }
}
