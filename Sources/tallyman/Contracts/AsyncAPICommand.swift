import ArgumentParser
import ContractPages
import WorkerHost

/// `tallyman asyncapi`
struct AsyncAPICommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "asyncapi", abstract: "Prints the AsyncAPI 3.0 document of all events.",
    discussion: "This is the text of topology/asyncapi.json. Reads the schemas and examples of a folder; asks nobody.")

  @OptionGroup var contracts: ContractOptions

  func run() throws { print(try AsyncAPICommand.text(contracts.read())) }

  static func text(_ folder: ContractFolder) throws -> String {
    try PrettyJSON.text(AsyncAPIDocument(folder, TopologyCommand.topology(), version: Product.version).json)
  }
}
