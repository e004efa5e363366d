import ArgumentParser
import Postgres
import WorkerHost

/// `tallyman erase`
struct EraseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "erase",
    abstract: "Erases what is kept about a customer, an order, a receiver of notifications or a warehouse's person.",
    discussion: """
      In one transaction: blanks the bodies and headers of messages that speak of them in the inbox and in the dead \
      letters (open ones are discarded by it, and listed: look at them with --dry-run first), sent notifications, \
      the shipments' carrier and tracking number, places and reasons in what carriers said of them, the reasons of \
      returns, the customer of orders and where they go, and who counted, adjusted, held, released or transferred, \
      with what they noted. A message speaks of somebody by its fields: customer_id, order_id, the shipment_id of an \
      order, recipient or person. Ids, quantities and the ledger stay, so that every sum still holds. Reads all \
      messages that are kept: minutes, with millions of them. Connects by TALLYMAN_DATABASE_URL as \
      tallyman_operator.

      The database keeps who erased when and why, and a hash of the name; so write no name into --why. Exit code 1 if \
      something is still on its way (a notification not sent, an event not published) or came while all was searched: \
      run it again later. Exit code 1 as well if there is nothing of that name and never was. Not reached are the \
      broker's queue `unrouted`, what workers logged, backups and other systems' queues: see topology/OPERATIONS.md.
      """)

  @Option(help: "A customer_id: their orders, and all that speaks of them or of those orders.")
  var customer: String?

  @Option(help: "An order_id.")
  var order: String?

  @Option(help: "A receiver of notifications: a mail address, or the name of a webhook.")
  var recipient: String?

  @Option(help: "The person behind counts, adjustments, decisions about quality and transfers.")
  var person: String?

  @OptionGroup var resolve: ResolveOptions

  @Flag(help: "Only say what would be changed.")
  var dryRun = false

  @Flag(help: "Print one JSON object in place of text.")
  var json = false

  /// What was changed, by its name, or is left.
  struct Row: Codable, Equatable {
    let what: String
    let rows: Int64
    /// Of dead letters: the numbers of those that were open, which are discarded by it.
    var open: [Int64]?
  }

  func validate() throws {
    guard subjects.count == 1, !subjects[0].subject.isEmpty else {
      throw ValidationError("give exactly one of --customer, --order, --recipient and --person")
    }
    if !dryRun { _ = try resolve.order() }
  }

  private var subjects: [(kind: String, subject: String)] {
    [
      ("customer", customer), ("order", order), ("recipient", recipient), ("person", person),
    ].compactMap { kind, subject in
      subject.map { (kind, $0) }
    }
  }

  func run() async throws {
    let (kind, subject) = subjects[0]
    let (by, why) = dryRun ? ("nobody", "a dry run") : (try resolve.name(), try resolve.reason())
    let dryRun = dryRun
    let (rows, isKnown) = try await Database.withSchema(OperatorSettings(), as: "erase") { connection in
      try connection.begin()
      let known = try connection.query(.knowsErased, [.text(kind), .text(subject)]).bool(0, 0)
      let changes = try EraseCommand.erase([kind, subject, by, why], on: connection)
      let isKnown = known || changes.contains { $0.rows > 0 }
      if dryRun || !isKnown { try connection.rollback() } else { try connection.commit() }
      return (changes, isKnown)
    }
    if json {
      print(try PrettyJSON.text(rows))
    } else {
      print(DeadLetterText.aligned(rows.map { [$0.what, "\($0.rows)"] }))
      for letters in rows.compactMap(\.open) where !letters.isEmpty { print(discarded(letters)) }
      if isKnown { print(dryRun ? "nothing was changed" : "erased") }
    }
    guard isKnown else {
      throw Ending(
        .findings,
        "nothing is kept of \(kind) \(DeadLetterText.short(subject, 100)): is it written so in the messages? "
          + "No erasure was recorded")
    }
    if rows.contains(where: { $0.what.hasPrefix("left") && $0.rows > 0 }) {
      throw Ending(.findings, "what is left is still on its way, or came just now: run it again later")
    }
  }

  /// What the database changes, and which open dead letters it discards by it.
  private static func erase(_ words: [String], on connection: Connection) throws -> [Row] {
    let rows = try connection.query(
      .once("select what, rows_changed from erase_person($1, $2, $3, $4) order by what like 'left%', what"),
      words.map { .text($0) })
    var changes = (0..<rows.count).map { Row(what: rows.text($0, 0), rows: rows.int($0, 1)) }
    let open = try connection.query(.discardedByErasure)
    let numbers = (0..<open.count).map { open.int($0, 0) }
    for index in changes.indices where changes[index].what == "dead letters" { changes[index].open = numbers }
    return changes
  }

  private func discarded(_ letters: [Int64]) -> String {
    let listed = letters.prefix(100).map { "\($0)" }.joined(separator: ", ")
    let more = letters.count > 100 ? " and \(letters.count - 100) more (--json lists all)" : ""
    return "open dead letters that \(dryRun ? "would be" : "were") discarded: \(listed)\(more)"
  }
}

extension Statement {
  /// What was erased before has left nothing but its hash; of an order its row stays.
  fileprivate static let knowsErased = Statement.once(
    """
    select exists (select from erasures where kind = $1 and subject_hash = sha256(convert_to($2, 'UTF8')))
      or $1 = 'order' and exists (select from orders where order_id = $2)
    """)

  /// What was open is resolved in the same transaction.
  fileprivate static let discardedByErasure = Statement.once(
    """
    select dead_letter_id from dead_letters
    where erased_at >= transaction_timestamp() and resolved_at >= transaction_timestamp() and state = 'discarded'
    order by dead_letter_id
    """)
}
