import ArgumentParser

/// `tallyman contracts`
struct ContractsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contracts", abstract: "Prints what the contracts say, and compares them with what was published.",
    discussion:
      "Reads the schemas and examples of topology/contracts, or of the folder that --folder names. Asks nobody.",
    subcommands: [
      ReferenceCommand.self, BadInputCommand.self, CompareCommand.self, PublishCommand.self,
    ])
}
