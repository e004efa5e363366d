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
      nothing and says so. A replayed message that fails again becomes a new record. With --all the oldest go first, \
      fifty in a transaction; each is printed once it is committed, so that a lost connection leaves no doubt.

      --dry-run runs the message through its worker's own code on the live database, prints what would change, and \
      rolls back. It takes the locks that the worker takes, and needs the worker's role: give TALLYMAN_DATABASE_URL \
      with tallyman_inventory, tallyman_allocation or tallyman_notification. What is another worker's is named, and \
      the exit code is 69.

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
    help: "Correct a field: PATH=VALUE, such as data.lines[0].quantity=5. May be repeated. The original is kept.",
    transform: Edit.init(text:))
  var edits: [Edit] = []

  @Flag(help: "Only show what would change.")
  var dryRun = false

  @Flag(help: "Print one JSON object in place of text.")
  var json = false

  /// `path=value`
  struct Edit: Sendable {
    let path: String
    let value: String

    init(text: String) throws {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw ValidationError("it must be PATH=VALUE, such as data.lines[0].quantity=5")
      }
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
    let (order, edits, json) = (try resolve.order(), pairs, json)
    let (numbers, filter) = (ids.distinct, all ? filters.filter : nil)
    let resolved = try await Database.withSchema(OperatorSettings(), as: "dead-letters") { connection in
      let desk = DeadLetterDesk(connection)
      return try Resolved.telling(json: json) { resolved in
        guard let filter else { return resolved.add(try desk.replay(numbers, edits: edits, order)) }
        try desk.forEachPage(filter) { resolved.add(try desk.replay($0, order)) }
      }
    }
    try resolved.requireAll()
  }

  private var pairs: [(path: String, value: String)] { edits.map { ($0.path, $0.value) } }

  private func rehearse() async throws {
    let (numbers, filter, edits, json) = (ids.distinct, all ? filters.filter : nil, pairs, json)
    let results = try await Database.withSchema(OperatorSettings(), as: "dead-letters") { connection in
      let desk = DeadLetterDesk(connection)
      var numbers = numbers
      if let filter { try desk.forEachPage(filter) { numbers += $0 } }
      return try numbers.map { id in
        let rehearsed = try ReplayCommand.rehearse(id, edits, desk)
        if !json { print(RehearsalText.page(rehearsed)) }
        return rehearsed
      }
    }
    if json {
      print(try PrettyJSON.text(results.map(RehearsalDocument.init)))
    } else {
      print("nothing was changed")
    }
    let roles = Set(results.compactMap(\.missingRole)).sorted()
    guard roles.isEmpty else {
      throw Ending(
        .unavailable,
        "a dry run does what the worker does and needs its rights: run it again with "
          + roles.joined(separator: ", then ") + " in TALLYMAN_DATABASE_URL (--queue chooses what is of one worker)")
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
      // Others may be of the worker whose role this is.
      let role = "tallyman_\(record.consumer)"
      return Rehearsed(
        id: id, record: record, refusal: "it needs the role \(role) (\(error.message))",
        missingRole: role)
    }
  }
}

/// What a rehearsal found, or why there was none.
struct Rehearsed: Sendable {
  let id: Int64
  var record: DeadLetterRecord?
  var rehearsal: Rehearsal?
  var refusal: String?
  /// The role that it would take to find out.
  var missingRole: String?
}
