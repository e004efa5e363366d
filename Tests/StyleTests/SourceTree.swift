import Foundation

/// The repository as files.
enum SourceTree {
  /// The folder that holds Package.swift.
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// A text file, addressed relative to the root.
  struct File: Sendable {
    let path: String
    let text: String
  }

  /// Every file under a folder of the repository that `accepts` wants, by path.
  static func files(under folder: String, where accepts: (URL) -> Bool) throws -> [File] {
    let base = root.appending(path: folder)
    let options: FileManager.DirectoryEnumerationOptions = [.skipsHiddenFiles]
    guard let found = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil, options: options) else {
      return []
    }
    return try found.compactMap { $0 as? URL }
      .filter { !$0.hasDirectoryPath && accepts($0) }
      .map { File(path: relative($0), text: try String(contentsOf: $0, encoding: .utf8)) }
      .sorted { $0.path < $1.path }
  }

  /// Every Swift file under a folder.
  static func swift(under folder: String) throws -> [File] {
    try files(under: folder) { $0.pathExtension == "swift" }
  }

  /// Every folder under Sources, Tests and topology, by path.
  static func folders() -> [String] {
    ["Sources", "Tests", "topology"].flatMap { top in
      let found = FileManager.default.enumerator(at: root.appending(path: top), includingPropertiesForKeys: nil)
      return (found?.compactMap { $0 as? URL } ?? []).filter(\.hasDirectoryPath).map(relative)
    }
  }

  private static func relative(_ url: URL) -> String {
    String(url.path.dropFirst(root.path.count).drop { $0 == "/" })
  }
}
