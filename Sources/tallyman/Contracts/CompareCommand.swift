import ArgumentParser
import Contracts

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
