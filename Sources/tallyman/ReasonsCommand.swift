import ArgumentParser
import Messaging

/// `tallyman reasons`
struct ReasonsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reasons",
    abstract: "Prints what is tried again and what is not, with what to do about each reason, as Markdown.",
    discussion: "These are the tables of topology/OPERATIONS.md. Asks nobody.")

  func run() {
    print(FailureTable.reasons)
    print("")
    print(FailureTable.failures)
  }
}
