import ArgumentParser
import Messaging
import WorkerHost

/// `tallyman dead-letters discard`
struct DiscardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "discard", abstract: "Closes dead letters without applying them; the records stay.",
    discussion: "Exit code 1 if one of them does not exist.")

  @Argument(help: "Their numbers, from `list`.")
  var ids: [Int64]

  @OptionGroup var resolve: ResolveOptions

  @Flag(help: "Print one JSON object in place of text.")
  var json = false

  func validate() throws { _ = try resolve.order() }

  func run() async throws {
    let (ids, order, json) = (ids.distinct, try resolve.order(), json)
    let resolved = try await Database.withSchema(OperatorSettings(), as: "dead-letters") { connection in
      try Resolved.telling(json: json) { $0.add(try DeadLetterDesk(connection).discard(ids, order)) }
    }
    try resolved.requireAll()
  }
}
