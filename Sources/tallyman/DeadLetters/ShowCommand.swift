import ArgumentParser
import Messaging
import WorkerHost

/// `tallyman dead-letters show`
struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a dead letter: reason, message, headers, what was done with it, what to do.")

  @Argument(help: "Its number, from `list`.")
  var id: Int64

  @Flag(help: "Print one JSON object in place of text; null for what does not exist.")
  var json = false

  func run() async throws {
    let id = id
    let found = try await Database.withSchema(OperatorSettings(), as: "dead-letters") { connection in
      let desk = DeadLetterDesk(connection)
      return try desk.record(id).map { ($0, try desk.actions(on: id), try desk.relatives(of: $0)) }
    }
    guard let (record, actions, relatives) = found else {
      throw Look.nothing("there is no dead letter \(id)", json: json)
    }
    if json {
      print(try PrettyJSON.text(DeadLetterDetails(record, actions, relatives)))
    } else {
      print(DeadLetterText.page(record, actions, relatives))
    }
  }
}
