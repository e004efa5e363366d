import Contracts
import Postgres

/// What makes a redelivery a no-op: one row per settled message and attempt, written with its effects.
///
/// The row is inserted last in the transaction. Two lanes that hold the same message both decide, the second one's
/// insert waits for the first one's commit and then violates the key: it rolls back, looks again and finds the message
/// settled. Inserting last lets one insert carry the outcome; claiming first would need an update of every row.
struct Inbox {
  /// How far back a message's own time may lie; older ones could be duplicates that nobody remembers.
  static let horizon: Duration = .seconds(30 * 86_400)
  /// How far a publisher's clock may run ahead of ours.
  static let maximumLead: Duration = .seconds(24 * 3_600)

  /// A message's identity for one consumer.
  struct Key: Hashable {
    let id: String
    let source: String
    let attempt: Int32

    // Ids are unique but for malice and accident: hashing them alone is enough.
    func hash(into hasher: inout Hasher) { hasher.combine(id) }
  }

  private struct Known {
    let body: [UInt8]
    /// Whether it took effect, or had nothing to change.
    let isApplied: Bool
  }

  let consumer: String
  /// Messages seen before, in this batch or (after ``load``) in the database, with the body they had.
  private var seen: [Key: Known] = [:]
  /// Ids (as keys of attempt 0) that were applied at a later attempt: any other attempt of them is a no-op.
  private var appliedLater: Set<Key> = []
  private var rows = Rows()

  init(consumer: String) { self.consumer = consumer }

  // MARK: Reading

  /// Loads what is known about these messages (the careful approach).
  mutating func load(_ messages: [Message], on database: Connection) throws {
    let found = try database.query(
      Inbox.lookup,
      [
        .texts(messages.map(\.envelope.id)), .texts(messages.map(\.envelope.source)), .text(consumer),
      ])
    for row in 0..<found.count {
      let outcome = found.text(row, 3)
      remember(
        Key(id: found.text(row, 0), source: found.text(row, 1), attempt: found.int4(row, 2)), found.bytes(row, 4),
        isApplied: outcome == Outcome.applied.rawValue || outcome == Outcome.unchanged.rawValue)
    }
  }

  /// What an earlier message with this identity means for this one, or nil if it is new.
  enum Earlier {
    case same
    case differentBody
  }

  func earlier(_ message: Message) -> Earlier? {
    let key = Inbox.key(message)
    if let known = seen[key] {
      // A body that was erased cannot be compared, and must not come back as a dead letter.
      return known.body.isEmpty || known.body == message.delivery.body ? .same : .differentBody
    }
    // An operator may have corrected a replayed message: only the same attempt must be the same bytes.
    return key.attempt > 0 && wasApplied(key) ? .same : nil
  }

  private func wasApplied(_ key: Key) -> Bool {
    let first = Key(id: key.id, source: key.source, attempt: 0)
    return seen[first]?.isApplied == true || appliedLater.contains(first)
  }

  /// Refuses what lies beyond the days that the inbox remembers.
  static func outdated(_ message: Message, at now: Timestamp) -> Reason? {
    let time = message.filedAt
    if time < now - horizon {
      return Reason(
        .tooOld, field: "time", value: time.rfc3339,
        rule: "must not be older than 30 days: duplicates of it are forgotten")
    }
    if time > now + maximumLead {
      return Reason(
        .tooFarAhead, field: "time", value: time.rfc3339,
        rule: "must not be more than 24 hours ahead of our clock")
    }
    return nil
  }

  // MARK: Writing

  /// Remembers a settled message.
  mutating func record(_ message: Message, outcome: Outcome, events: Int, at now: Timestamp) {
    remember(Inbox.key(message), message.delivery.body, isApplied: outcome == .applied || outcome == .unchanged)
    rows.append(message, outcome: outcome, events: events, at: now)
  }

  private mutating func remember(_ key: Key, _ body: [UInt8], isApplied: Bool) {
    seen[key] = Known(body: body, isApplied: isApplied)
    if isApplied, key.attempt > 0 { appliedLater.insert(Key(id: key.id, source: key.source, attempt: 0)) }
  }

  /// Counts an event that turned out only at the end of the batch to be caused by this message.
  mutating func addEvent(causedBy messageID: String) { rows.addEvent(causedBy: messageID) }

  func send(to writes: inout WriteSet) throws { try rows.send(consumer: consumer, to: &writes) }

  private static func key(_ message: Message) -> Key {
    Key(id: message.envelope.id, source: message.envelope.source, attempt: message.delivery.attempt)
  }

  // MARK: SQL

  static let lookup = Statement(
    name: "inbox_lookup",
    sql: """
      select i.message_id, i.source, i.attempt, i.outcome, i.body
      from (select unnest($1::text[]) as message_id, unnest($2::text[]) as source) as k
      join inbox i on i.message_id = k.message_id and i.source = k.source and i.consumer = $3
      """)

  static let insert = BulkInsert(
    "inbox_insert", into: "inbox",
    [
      .each("message_id", "text"), .alike("source", "text"), .once("consumer", "text"), .alike("attempt", "int4"),
      .alike("day", "date"), .alike("outcome", "text"), .each("events", "int4"), .alike("headers", "text"),
      .each("body", "bytea"), .once("recorded_at", "timestamptz"),
    ])
}

extension Inbox {
  /// The rows to insert, one array per column.
  private struct Rows {
    private var entries: [Entry] = []

    private struct Entry {
      let message: Message
      let outcome: Outcome
      var events: Int32
      let recordedAt: Timestamp

      /// Whether it agrees in what most messages of a batch agree in.
      func isFiled(like other: Entry) -> Bool {
        outcome == other.outcome && message.delivery.attempt == other.message.delivery.attempt
          && message.envelope.source == other.message.envelope.source
          && message.filedAt.day == other.message.filedAt.day
          && message.delivery.headers == other.message.delivery.headers
      }
    }

    mutating func append(_ message: Message, outcome: Outcome, events: Int, at now: Timestamp) {
      entries.append(Entry(message: message, outcome: outcome, events: Int32(clamping: events), recordedAt: now))
    }

    mutating func addEvent(causedBy messageID: String) {
      guard let index = entries.lastIndex(where: { $0.message.envelope.id == messageID }) else { return }
      entries[index].events += 1
    }

    func send(consumer: String, to writes: inout WriteSet) throws {
      guard let first = entries.first else { return }
      // Sorted keys: two lanes that insert the same ids wait for each other in one direction only.
      let sorted = entries.sorted {
        ($0.message.envelope.id, $0.message.envelope.source) < ($1.message.envelope.id, $1.message.envelope.source)
      }
      let message = first.message
      let agree = entries.allSatisfy { $0.isFiled(like: first) }
      try writes.send(
        agree ? Inbox.insert.agreeing : Inbox.insert.differing,
        [
          .texts(sorted) { $0.message.envelope.id },
          agree ? .text(message.envelope.source) : .texts(sorted) { $0.message.envelope.source }, .text(consumer),
          agree ? .int4(message.delivery.attempt) : .int4s(sorted) { $0.message.delivery.attempt },
          agree ? .date(message.filedAt.day) : .dates(sorted) { $0.message.filedAt.day },
          agree ? .text(first.outcome.rawValue) : .texts(sorted) { $0.outcome.rawValue },
          .int4s(sorted) { $0.events },
          agree
            ? .text(HeaderText.encode(message.delivery.headers))
            : .texts(sorted) { HeaderText.encode($0.message.delivery.headers) },
          .byteas(sorted) { $0.message.delivery.body }, .timestamp(first.recordedAt.microseconds),
        ])
    }
  }
}
