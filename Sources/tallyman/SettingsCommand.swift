import ArgumentParser
import WorkerHost

/// `tallyman settings`
struct SettingsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settings", abstract: "Prints every setting with default, unit and meaning, as Markdown.",
    discussion: "This is the text of topology/SETTINGS.md.")

  func run() { print(SettingsTable.markdown, terminator: "") }
}
