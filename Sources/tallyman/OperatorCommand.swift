import ArgumentParser
import WorkerHost

/// The operator's command line.
struct OperatorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tallyman",
    abstract: "Operates Tallyman: looks at stock and orders; schema, topology, dead letters, erasure, the audit.",
    discussion: """
      Settings come from the environment (see `tallyman settings`); an unknown or invalid TALLYMAN_ variable is refused.

      EXIT CODES:
        0   done, nothing to report
        1   findings: violated invariants, differences, a migration that failed, a dead letter that was not resolved;
            where one looks: there is nothing of it
        2   wrong usage of this command line
        69  the database or the broker could not be asked
        70  a fault in this program
        74  what was asked for could not be written to standard output
        78  a setting is missing or wrong
      """,
    version: VersionCommand.line,
    subcommands: [
      MigrateCommand.self, TopologyCommand.self, AuditCommand.self, DeadLettersCommand.self,
      NotificationsCommand.self, EraseCommand.self,
      ReasonsCommand.self, DiagramCommand.self, SettingsCommand.self, ContractsCommand.self, AsyncAPICommand.self,
      VersionCommand.self,
    ],
    groupedSubcommands: [
      CommandGroup(
        name: "Looking at stock and orders",
        subcommands: [
          StockCommand.self, OrderCommand.self, ExplainCommand.self, LedgerCommand.self, BackordersCommand.self,
          ReservationsCommand.self, LowCommand.self,
        ])
    ])
}

@main
enum Doorway {
  static func main() async {
    do {
      var command = try OperatorCommand.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      Ending(.success).exit()
    } catch {
      Ending(of: error).exit()
    }
  }
}
