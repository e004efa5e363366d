import Contracts
import Postgres

/// How a message ended, as the inbox keeps it.
public struct MessageEnd: Hashable, Sendable {
  let outcome: Outcome
  var events: Int32

  init(_ outcome: Outcome, events: Int = 0) {
    self.outcome = outcome
    self.events = Int32(clamping: events)
  }

  /// It took effect, and so many events follow from it.
  public static func applied(events: Int) -> MessageEnd { MessageEnd(.applied, events: events) }
  /// It changed nothing.
  public static let unchanged = MessageEnd(.unchanged)
}

/// The inbox's rows of one transaction, in arrival order.
struct InboxRows {
  private var entries: [Entry] = []

  private struct Entry {
    let message: Message
    /// What its row says since it was claimed; nil for a row that was not.
    let claimed: MessageEnd?
    /// What its row has to say.
    var end: MessageEnd
  }

  var isEmpty: Bool { entries.isEmpty }

  /// Messages that came at a raised attempt.
  var raised: [Message] { entries.lazy.map(\.message).filter { $0.delivery.attempt > 0 } }

  /// Adds a row that is inserted before the message is decided, with the end that is usual for it.
  ///
  /// - Returns: Its place.
  mutating func claim(_ message: Message, as usual: MessageEnd) -> Int {
    entries.append(Entry(message: message, claimed: usual, end: usual))
    return entries.count - 1
  }

  /// Adds a row of which the end is known.
  mutating func add(_ message: Message, _ end: MessageEnd) {
    entries.append(Entry(message: message, claimed: nil, end: end))
  }

  /// Says how the message of a claimed row ended.
  mutating func settle(_ place: Int, as end: MessageEnd) { entries[place].end = end }

  /// Counts one more event of a message.
  mutating func addEvent(causedBy messageID: String) {
    guard let index = entries.lastIndex(where: { $0.message.envelope.id == messageID }) else { return }
    entries[index].end.events += 1
  }

  // MARK: SQL

  typealias Command = (statement: Statement, parameters: [Parameter])

  /// The claim: inserts the rows of messages that are still to be decided; nil for none.
  func claims(consumer: String) -> Command? { insert(entries.filter { $0.claimed != nil }, consumer: consumer) }

  /// Inserts the rows that were not claimed; nil for none.
  func additions(consumer: String) -> Command? { insert(entries.filter { $0.claimed == nil }, consumer: consumer) }

  private func insert(_ rows: [Entry], consumer: String) -> Command? {
    guard !isEmpty, !rows.isEmpty else { return nil }
    // Sorted keys: two lanes that insert the same ids wait for each other in one direction only.
    let sorted = InboxRows.sorted(rows)
    let parameters: [Parameter] = [
      .texts(sorted) { $0.message.envelope.id }, .texts(alike: sorted) { $0.message.envelope.source }, .text(consumer),
      .int4s(alike: sorted) { $0.message.delivery.attempt }, .dates(alike: sorted) { $0.message.filedAt.day },
      .texts(alike: sorted) { $0.end.outcome.rawValue }, .int4s(alike: sorted) { $0.end.events },
      .texts(alike: sorted, in: { $0.message.delivery.headers }) { HeaderText.encode($0) },
      .byteas(sorted) { $0.message.delivery.body },
    ]
    return (InboxRows.insert.statement(for: parameters), parameters)
  }

  /// Corrects the claimed rows of messages that ended in another way than is usual, and says how many they are; nil for
  /// none.
  func corrections(consumer: String) -> (command: Command, count: Int)? {
    guard !isEmpty else { return nil }
    let rows = InboxRows.sorted(entries.filter { $0.claimed != nil && $0.claimed != $0.end })
    guard let first = rows.first else { return nil }
    let day = first.message.filedAt.day
    // The server opens the partitions of the days that it is told of: one, if one is named for all.
    let agree = rows.allSatisfy { $0.message.filedAt.day == day }
    let parameters: [Parameter] = [
      .texts(rows) { $0.message.envelope.id }, .texts(rows) { $0.message.envelope.source }, .text(consumer),
      .int4s(rows) { $0.message.delivery.attempt },
      agree ? .date(day) : .dates(rows) { $0.message.filedAt.day },
      .texts(rows) { $0.end.outcome.rawValue }, .int4s(rows) { $0.end.events },
    ]
    return ((agree ? InboxRows.correctDay : InboxRows.correct, parameters), rows.count)
  }

  private static func sorted(_ rows: [Entry]) -> [Entry] {
    rows.sorted {
      ($0.message.envelope.id, $0.message.envelope.source) < ($1.message.envelope.id, $1.message.envelope.source)
    }
  }

  static let insert = BulkInsert(
    "inbox_insert", into: "inbox",
    [
      .each("message_id", "text"), .alike("source", "text"), .once("consumer", "text"), .alike("attempt", "int4"),
      .alike("day", "date"), .alike("outcome", "text"), .alike("events", "int4"), .alike("headers", "text"),
      .each("body", "bytea"), .literal("recorded_at", "transaction_timestamp()"),
    ])

  static let correct = correction("inbox_correct", day: "unnest($5::date[])")
  static let correctDay = correction("inbox_correct_day", day: "$5::date")

  private static func correction(_ name: String, day: String) -> Statement {
    let isEach = day.hasPrefix("unnest")
    return Statement(
      name: name,
      sql: WriteSet.guarded(
        """
        update inbox i set outcome = k.outcome, events = k.events
        from (select unnest($1::text[]) as message_id, unnest($2::text[]) as source, unnest($4::int4[]) as attempt,
                     \(isEach ? "\(day) as day, " : "")unnest($6::text[]) as outcome, unnest($7::int4[]) as events) as k
        where i.message_id = k.message_id and i.source = k.source and i.consumer = $3 and i.attempt = k.attempt
          and i.day = \(isEach ? "k.day" : day)
        """, by: 8))
  }
}
