import ArgumentParser
import Contracts
import Messaging
import Postgres
import WorkerHost

/// `tallyman dead-letters replay`
struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Sends dead letters back to their own queue, as a new attempt.",
    discussion: """
      A record is resolved and its message queued for the relay in one transaction; a second replay of it changes \
      nothing and says so. A replayed message that fails again becomes a new record. With --all the oldest go first.

      --dry-run runs the message through its worker's own code on the live database, prints what would change, and \
      rolls back. It takes the locks that the worker takes, and needs the worker's role: give TALLYMAN_DATABASE_URL \
      with tallyman_inventory, tallyman_allocation or tallyman_notification.

      Exit code 1 if one of them was not replayed for another reason than having been resolved before.
      """)

  @Argument(help: "Their numbers, from `list`.")
  var ids: [Int64] = []

  @Flag(help: "All open ones that the filters mean.")
  var all = false

  @OptionGroup var filters: FilterOptions

  @OptionGroup var resolve: ResolveOptions

  @Option(
    name: .customLong("edit"),
    help: "Correct a field: PATH=VALUE, such as data.lines[0].quantity=5. May be repeated. The original is kept.")
  var edits: [Edit] = []

  @Flag(help: "Only show what would change.")
  var dryRun = false

  @Flag(help: "Print one JSON object in place of text.")
  var json = false

  /// `path=value`
  struct Edit: ExpressibleByArgument, Sendable {
    let path: String
    let value: String

    init?(argument: String) {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else { return nil }
      path = String(parts[0])
      value = String(parts[1])
    }
  }

  func validate() throws {
    guard ids.isEmpty == all else { throw ValidationError("give either numbers or --all") }
    guard all || filters.isEmpty else { throw ValidationError("filters go with --all, not with numbers") }
    guard !all || edits.isEmpty else { throw ValidationError("--edit goes with numbers, not with --all") }
    if !dryRun { _ = try resolve.order() }
  }

  func run() async throws {
    if dryRun { return try await rehearse() }
    let (order, edits) = (try resolve.order(), pairs)
    let (numbers, filter) = (ids, all ? filters.filter : nil)
    let results = try await Database.withSchema(OperatorSettings(), as: "dead-letters") { connection in
      let desk = DeadLetterDesk(connection)
      guard let filter else { return try desk.replay(numbers, edits: edits, order) }
      var results: [(id: Int64, result: DeadLetterDesk.Result)] = []
      try desk.forEachPage(filter) { results += try desk.replay($0, order) }
      return results
    }
    try Resolved.tell(results, json: json)
  }

  private var pairs: [(path: String, value: String)] { edits.map { ($0.path, $0.value) } }

  private func rehearse() async throws {
    let (numbers, filter, edits) = (ids, all ? filters.filter : nil, pairs)
    let results = try await Database.withSchema(OperatorSettings(), as: "dead-letters") { connection in
      let desk = DeadLetterDesk(connection)
      var numbers = numbers
      if let filter { try desk.forEachPage(filter) { numbers += $0 } }
      return try numbers.map { try ReplayCommand.rehearse($0, edits, desk) }
    }
    if json {
      print(try PrettyJSON.text(results.map(RehearsalDocument.init)))
    } else {
      for result in results { print(RehearsalText.page(result)) }
      print("nothing was changed")
    }
    if results.contains(where: { $0.rehearsal == nil }) { throw Ending(.findings) }
  }

  private static func rehearse(
    _ id: Int64, _ edits: [(path: String, value: String)], _ desk: DeadLetterDesk
  ) throws -> Rehearsed {
    guard let record = try desk.record(id) else { return Rehearsed(id: id, refusal: "there is no such dead letter") }
    do {
      return Rehearsed(id: id, record: record, rehearsal: try Worker.rehearse(record, edits: edits, at: desk))
    } catch let error as Malformed {
      return Rehearsed(id: id, record: record, refusal: "\(error)")
    } catch let error as PostgresError where error.sqlState.code == "42501" {
      throw Ending(
        .unavailable,
        "a dry run does what the worker does and needs its rights: give TALLYMAN_DATABASE_URL with the role "
          + "tallyman_\(record.consumer) (\(error.message))")
    }
  }
}

/// What a rehearsal found, or why there was none.
struct Rehearsed: Sendable {
  let id: Int64
  var record: DeadLetterRecord?
  var rehearsal: Rehearsal?
  var refusal: String?
}
