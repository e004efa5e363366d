import Foundation

/// A place that breaks a rule of style.
struct Violation: Hashable, Sendable, CustomStringConvertible {
  let path: String
  let line: Int
  let rule: String

  var description: String { "\(path):\(line): \(rule)" }
}

/// A file may import what its own target declares in Package.swift, and nothing that it merely reaches through others.
///
/// The compiler's `--explicit-target-dependency-import-check` refuses only what no dependency reaches: with it alone,
/// Allocation could import libpq's module, because Messaging reaches it.
enum ImportRule {
  /// Modules of the toolchain that any file may import. Foundation is not one: it brings 40 MB of ICU into a worker.
  static let everywhere: Set<String> = ["Swift", "Synchronization", "Glibc", "Musl", "FoundationEssentials"]

  /// What a kind of target may import beyond that.
  static func toolchainModules(for kind: String) -> Set<String> {
    switch kind {
    case "test": everywhere.union(["Testing", "Foundation", "FoundationNetworking", "Dispatch"])
    case "plugin": everywhere.union(["PackagePlugin", "Foundation"])
    default: everywhere
    }
  }

  /// The rooms under Tests/ that support tests are no test targets, yet no product either.
  static func mayImport(_ room: Manifest.Room) -> Set<String> {
    let kind = room.folder.hasPrefix("Tests/") ? "test" : room.kind
    return toolchainModules(for: kind).union(room.dependencies)
  }

  /// Every import of a file that its room does not allow.
  static func violations(in file: SourceTree.File, of room: Manifest.Room) -> [Violation] {
    let allowed = mayImport(room)
    return imports(in: file.text).filter { !allowed.contains($0.module) }.map {
      Violation(
        path: file.path, line: $0.line,
        rule: "imports \($0.module), which Package.swift does not declare as a direct dependency of \(room.name)")
    }
  }

  /// The modules that a Swift file imports, with their lines. Text inside multi-line literals does not count.
  static func imports(in text: String) -> [(line: Int, module: String)] {
    let statement =
      #/
      ^\s* (?: @\w+ (?: \([^)]*\) )? \s+ )*                        # @testable, @_spi(Name)
      (?: (?: public|package|internal|fileprivate|private ) \s+ )?
      import \s+
      (?: (?: struct|class|enum|protocol|typealias|func|var|let ) \s+ )?
      ( \w+ )
      /#
    var insideLiteral = false
    var found: [(line: Int, module: String)] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if !insideLiteral, let match = line.firstMatch(of: statement) {
        found.append((index + 1, String(match.1)))
      }
      if line.components(separatedBy: "\"\"\"").count.isMultiple(of: 2) { insideLiteral.toggle() }
    }
    return found
  }
}
