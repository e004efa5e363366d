import ArgumentParser
import ContractPages

/// `tallyman contracts reference`
struct ReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference", abstract: "Prints the reference page of all events, as Markdown.",
    discussion: "This is the text of topology/contracts/REFERENCE.md.")

  @OptionGroup var contracts: ContractOptions

  func run() throws {
    print(ReferencePage(try contracts.read(), TopologyCommand.topology()).markdown, terminator: "")
  }
}
