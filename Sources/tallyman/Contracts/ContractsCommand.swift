import ArgumentParser
import ContractPages
import Contracts
import Messaging
import WorkerHost

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

/// Where the contracts are.
struct ContractOptions: ParsableArguments {
  @Option(help: "The folder of schemas; its examples are in examples, the published ones in published.")
  var folder = "topology/contracts"

  func read() throws -> ContractFolder { try ContractFolder(folder) }

  /// What breaks somebody, and the events that were never published.
  func comparison() throws -> (breaks: [String], unpublished: [EventType]) {
    let current = try read()
    let published = try ContractFolder.published(folder + "/published")
    let gone = try ContractFolder.abandoned(folder + "/published").map { "\($0): is gone" }
    return (
      gone + Compatibility.breaks(from: published, to: current, TopologyCommand.topology()),
      EventType.allCases.filter { published[$0] == nil }
    )
  }
}

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

/// `tallyman contracts compare`
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Says what of the schemas would break those who go by the published ones.",
    discussion: "Exit code 1 if anything would.")

  @OptionGroup var contracts: ContractOptions

  func run() throws {
    let (breaks, unpublished) = try contracts.comparison()
    for line in breaks { print("- \(line)") }
    for type in unpublished { print("new: \(type.rawValue)") }
    guard breaks.isEmpty else {
      print("contracts: \(breaks.count) changes break somebody: a changed meaning is a new version")
      throw Ending(.findings)
    }
    print("contracts: whoever goes by the published schemas can go on")
  }
}

/// `tallyman contracts publish`
struct PublishCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish", abstract: "Keeps the schemas as the published ones; a step of each release.",
    discussion: "Exit code 1, and nothing is written, if they would break those who go by the last published ones.")

  @OptionGroup var contracts: ContractOptions

  func run() throws {
    let (breaks, _) = try contracts.comparison()
    guard breaks.isEmpty else {
      throw Ending(.findings, breaks.joined(separator: "\n") + "\nnothing was published")
    }
    print("published \(try ContractFolder.publish(contracts.folder)) schemas")
  }
}
