import Foundation
import PackagePlugin

/// Turns a target's `.sql` files into Swift string literals while it is built.
///
/// SQL stays in real files, which editors and `psql` understand, and still travels inside the binary: no resource
/// bundle whose path would be baked in. The target gets `enum EmbeddedSQL { static let files: [(name:, text:)] }`.
@main
struct EmbedPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: Target) async throws -> [Command] {
    guard let module = target.sourceModule else { return [] }
    let sources = module.sourceFiles(withSuffix: ".sql").map(\.url).sorted { $0.path < $1.path }
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedSQL.swift")
    return [
      .buildCommand(
        displayName: "Embedding \(sources.count) SQL files of \(target.name)",
        executable: try context.tool(named: "embed-sql").url,
        arguments: [output.path] + sources.map(\.path),
        inputFiles: sources,
        outputFiles: [output])
    ]
  }
}
