import ArgumentParser
import ContractPages

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
