import Contracts
import Postgres

/// A dead letter as the database keeps it.
public struct DeadLetterRecord: Sendable {
  /// Its number.
  public let id: Int64
  /// The handler that could not apply it.
  public let consumer: String
  /// The work queue it came from, and goes back to.
  public let queue: String
  /// Where the message came from, as it says; empty where not even that could be read.
  public let source: String
  /// The message's id; empty where it has none.
  public let messageID: String
  /// The event's type, or the routing key of an unreadable message.
  public let type: String
  /// Which attempt ended here.
  public let attempt: Int32
  /// `malformed`, `refused`, `exhausted`, `crashed` or `undelivered`.
  public let kind: String
  /// A ``ReasonKind``; empty in records of releases that did not know them.
  public let reason: String
  /// Which field the reason is about.
  public let field: String
  /// The value found there.
  public let value: String
  /// What would have been right.
  public let rule: String
  /// The AMQP content type.
  public let contentType: String?
  /// AMQP headers as JSON.
  public let headers: String
  /// The message as it arrived.
  public let body: [UInt8]
  /// When its first attempt arrived.
  public let firstSeenAt: Timestamp
  /// When it was given up.
  public let deadAt: Timestamp
  /// `open`, `replayed` or `discarded`.
  public let state: String
  /// When it was resolved, by whom and why.
  public let resolution: Resolution?
  /// When its content was erased.
  public let erasedAt: Timestamp?

  /// How a record was closed.
  public struct Resolution: Sendable {
    /// When.
    public let at: Timestamp
    /// By whom.
    public let by: String
    /// Why.
    public let why: String
  }

  /// All that is kept, in the order in which it is read.
  static let columns = columns(headers: "headers", body: "body")
  /// The same with nothing in the place of what may be large.
  static let shortColumns = columns(headers: "'{}' as headers", body: "''::bytea as body")

  private static func columns(headers: String, body: String) -> String {
    """
    dead_letter_id, consumer, queue, source, message_id, type, attempt, kind, reason, field, value, rule, content_type,
    \(headers), \(body), first_seen_at, dead_at, state, resolved_at, resolved_by, resolved_why, erased_at
    """
  }

  init(_ rows: Rows, _ row: Int) {
    id = rows.int(row, 0)
    consumer = rows.text(row, 1)
    queue = rows.text(row, 2)
    source = rows.text(row, 3)
    messageID = rows.text(row, 4)
    type = rows.text(row, 5)
    attempt = rows.int4(row, 6)
    kind = rows.text(row, 7)
    reason = rows.text(row, 8)
    field = rows.text(row, 9)
    value = rows.text(row, 10)
    rule = rows.text(row, 11)
    contentType = rows.optionalText(row, 12)
    headers = rows.text(row, 13)
    body = rows.bytes(row, 14)
    firstSeenAt = Timestamp(microseconds: rows.timestamp(row, 15))
    deadAt = Timestamp(microseconds: rows.timestamp(row, 16))
    state = rows.text(row, 17)
    resolution = rows.optionalTimestamp(row, 18).map {
      Resolution(
        at: Timestamp(microseconds: $0), by: rows.optionalText(row, 19) ?? "", why: rows.optionalText(row, 20) ?? "")
    }
    erasedAt = rows.optionalTimestamp(row, 21).map(Timestamp.init(microseconds:))
  }
}

/// What somebody did with a dead letter.
public struct DeadLetterAction: Sendable {
  /// `replayed`, `discarded` or `erased`.
  public let action: String
  /// When.
  public let at: Timestamp
  /// Who, as they said.
  public let by: String
  /// Who, as the database knew them.
  public let role: String
  /// Why.
  public let why: String
  /// The attempt that a replay began.
  public let attempt: Int32?
  /// What it corrected: a JSON array of field, was and is.
  public let edits: String?
}
