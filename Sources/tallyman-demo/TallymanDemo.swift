import ArgumentParser
import Lanes

/// Plays a business day against running workers and says what came of it. `topology/local/demo.sh` starts it.
///
/// It is every system around Tallyman at once: catalogue, warehouse, shop and carrier publish to the broker, and a
/// subscriber reads every event that comes back. The database is only read: to wait, and to report.
@main
struct TallymanDemo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tallyman-demo",
    abstract: "Plays the story of `make demo` through the broker and checks what came of it.")

  @OptionGroup var options: StoryOptions

  func run() async throws {
    let options = options
    let lane = Lane(name: "story")
    let passed = try await lane.run {
      do {
        return try Story(options).play()
      } catch let failure as StoryFailure {
        Screen.complain(failure.description)
        return false
      }
    }
    if !passed { throw ExitCode.failure }
  }
}

/// Where everything is, and what to play.
struct StoryOptions: ParsableArguments, Sendable {
  @Option(help: "The broker's host and port.") var broker: String
  @Option(help: "A folder with the password of each of the broker's users, in a file of the user's name.")
  var brokerPasswords: String
  @Option(help: "The database's URI with a role that may read everything.") var database: String
  @Option(help: "A file with that role's password.") var databasePasswordFile: String
  @Option(help: "The folder with a <name>.pid per worker.") var pids: String
  @Option(help: "A program that starts the worker again whose name it is given.") var starter: String
  @Option(help: "The record of mails and webhooks, one JSON object per line.") var received: String
  @Option(help: "The same seed tells the same story.") var seed: UInt64 = 7
  @Option(help: "How many orders race for the stock.") var orders: Int = 2_000

  func validate() throws {
    guard (500...20_000).contains(orders) else { throw ValidationError("--orders: from 500 to 20000") }
  }
}
