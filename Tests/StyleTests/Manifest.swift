import Foundation
import Testing

/// What Package.swift declares, as `swift package dump-package` tells it.
struct Manifest: Sendable {
  /// One room, program or test target.
  struct Room: Sendable {
    let name: String
    /// `regular`, `executable`, `test`, `plugin` or `system`.
    let kind: String
    /// Its folder, relative to the root.
    let folder: String
    /// Modules that it may import because it depends on them directly.
    let dependencies: Set<String>
  }

  let rooms: [Room]
  let packageAddresses: [String]

  /// The repository's manifest, read once for all tests.
  static func ofRepository() async throws -> Manifest { try await reading.value }

  private static let reading = Task { try await load() }

  private static func load() async throws -> Manifest {
    try await Toolchain.withTemporaryFolder { folder in
      let outcome = try await Toolchain.swift(
        [
          "package", "--package-path", SourceTree.root.path, "--scratch-path", folder.appending(path: "build").path,
          "dump-package",
        ], log: folder.appending(path: "dump.json"), merged: false)
      try #require(outcome.status == 0, "swift package dump-package failed: \(outcome.output)")
      return try parse(outcome.output)
    }
  }

  /// Reads the JSON of `dump-package`.
  static func parse(_ json: String) throws -> Manifest {
    let dump = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let targets = try #require(dump["targets"] as? [[String: Any]])
    let packages = try #require(dump["dependencies"] as? [[String: Any]])
    return Manifest(rooms: try targets.map(room), packageAddresses: packages.flatMap(addresses))
  }

  private static func room(_ target: [String: Any]) throws -> Room {
    let name = try #require(target["name"] as? String)
    let kind = try #require(target["type"] as? String)
    let dependencies = try #require(target["dependencies"] as? [[String: Any]])
    return Room(
      name: name, kind: kind,
      folder: target["path"] as? String ?? (kind == "test" ? "Tests/" : "Sources/") + name,
      // Each dependency is {"byName": [name, condition]}, {"target": […]} or {"product": [name, package, …]}, and every
      // product that we use is named like its module.
      dependencies: Set(
        dependencies.flatMap(\.values).compactMap { ($0 as? [Any])?.first as? String }.map(moduleName)))
  }

  private static func addresses(_ package: [String: Any]) -> [String] {
    let controls = package["sourceControl"] as? [[String: Any]] ?? []
    return controls.flatMap { control -> [String] in
      let location = control["location"] as? [String: Any]
      let remotes = location?["remote"] as? [[String: Any]] ?? []
      return remotes.compactMap { $0["urlString"] as? String }
    }
  }

  /// The module that a target makes: `inventory-worker` is imported as `inventory_worker`.
  static func moduleName(_ target: String) -> String { target.replacingOccurrences(of: "-", with: "_") }
}
