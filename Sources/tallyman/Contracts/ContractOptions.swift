import ArgumentParser
import ContractPages
import Contracts

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
