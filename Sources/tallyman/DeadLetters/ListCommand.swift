import ArgumentParser
import Messaging
import WorkerHost

/// `tallyman dead-letters list`
struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists dead letters, the newest first.",
    discussion: "The last line says how many there are, and how to see the next page.")

  @OptionGroup var filters: FilterOptions

  @Option(help: "open, replayed, discarded or all.")
  var state = State.open

  @Option(help: "How many at most, 1 to 10000.")
  var limit = 50

  @Option(help: "Only numbers below this one: the next page.")
  var before: Int64?

  @Flag(help: "Print one JSON object in place of text.")
  var json = false

  enum State: String, CaseIterable, ExpressibleByArgument {
    case open, replayed, discarded, all

    var filter: DeadLetterFilter.State? {
      switch self {
      case .open: .open
      case .replayed: .replayed
      case .discarded: .discarded
      case .all: nil
      }
    }
  }

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit \(limit): must be from 1 to 10000") }
  }

  func run() async throws {
    var filter = filters.filter
    filter.state = state.filter
    filter.before = before
    filter.limit = limit
    let chosen = filter
    let (records, total) = try await Database.withSchema(OperatorSettings(), as: "dead-letters") { connection in
      let desk = DeadLetterDesk(connection)
      return (try desk.list(chosen), try desk.count(chosen))
    }
    let next = records.count == limit ? records.last?.id : nil
    if json {
      print(try PrettyJSON.text(DeadLetterList(total: total, next: next, records: records.map(DeadLetterEntry.init))))
    } else {
      print(DeadLetterText.table(records))
      print("\(records.count) of \(total)" + (next.map { "; the next ones: --before \($0)" } ?? ""))
    }
  }
}
