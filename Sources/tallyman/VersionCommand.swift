import ArgumentParser
import Schema
import WorkerHost

/// `tallyman version`
struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Prints the version of this build and of the schema that it brings.")

  static var line: String { "tallyman \(Product.version)" }

  func run() {
    print(VersionCommand.line)
    print("schema \(Migrations.latest); workers of this build need at least \(Migrations.required)")
  }
}
