import ArgumentParser
import ContractPages

/// `tallyman contracts bad-input`
struct BadInputCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bad-input", abstract: "Prints what is refused of each event, and in which words, as Markdown.",
    discussion: """
      This is the text of topology/contracts/BAD-INPUT.md. Damages each example in many ways and decodes it as the \
      workers do.
      """)

  @OptionGroup var contracts: ContractOptions

  func run() throws { print(try BadInputTable(contracts.read()).markdown(), terminator: "") }
}
