import ArgumentParser

/// `tallyman dead-letters`
struct DeadLettersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead-letters", abstract: "Lists, shows, replays and discards messages that were not applied.",
    discussion: """
      Connects by TALLYMAN_DATABASE_URL; the role tallyman_operator may do all of it, save --dry-run. The records are \
      in the database: looking at them does not touch a queue. topology/OPERATIONS.md says what each reason means.
      """,
    subcommands: [ListCommand.self, ShowCommand.self, ReplayCommand.self, DiscardCommand.self])
}
