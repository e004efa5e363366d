import Contracts
import Messaging
import Postgres

/// Where an operator looks at notifications and has those sent again that were given up.
///
/// Lane only; the connection is idle before and after each call.
public struct NotificationDesk {
  private let database: Connection

  /// - Parameter database: The role tallyman_operator may do all of it.
  public init(_ database: Connection) { self.database = database }

  /// Where a notification stands.
  public enum State: String, CaseIterable, Sendable {
    /// It is due, or its next attempt is.
    case waiting
    /// Its receiver has taken it.
    case sent
    /// It was given up.
    case failed
  }

  /// Which notifications are meant.
  public struct Filter: Sendable {
    /// Where they stand; nil means anywhere.
    public var state: State?
    /// How they are sent.
    public var channel: NotificationChannel?
    /// What they tell about.
    public var type: EventType?
    /// Made then or later.
    public var since: Timestamp?
    /// Made before.
    public var until: Timestamp?

    /// All of them.
    public init() {}

    fileprivate var parameters: [Parameter] {
      [
        .text(state?.rawValue), .text(channel?.rawValue), .text(type?.rawValue), .timestamp(since?.microseconds),
        .timestamp(until?.microseconds),
      ]
    }
  }

  /// A notification, without its text.
  public struct Entry: Encodable, Sendable {
    /// Stable, whatever becomes of it.
    public let notificationID: String
    /// Where it stands.
    public let state: String
    /// When it was made.
    public let createdAt: Timestamp
    /// How it is sent.
    public let channel: String
    /// A mail address, or the name of an endpoint.
    public let recipient: String
    /// The type of the event that it tells about.
    public let eventType: String
    /// That event.
    public let eventID: String
    /// A mail's subject.
    public let subject: String
    /// How many there were since it was begun, or begun again.
    public let attempts: Int32
    /// While it waits: when the next one is due.
    public let nextAttemptAt: Timestamp?
    /// When it was sent or given up.
    public let settledAt: Timestamp?
    /// Why the last attempt failed.
    public let lastError: String?
    /// When it was begun again, if it was, by whom and why.
    public let resentAt: Timestamp?
    /// See ``resentAt``.
    public let resentBy: String?
    /// See ``resentAt``.
    public let resentWhy: String?
  }

  /// The newest of those that a filter means.
  ///
  /// - Returns: At most so many, and whether there are more.
  public func list(_ filter: Filter, limit: Int) throws -> (entries: [Entry], hasMore: Bool) {
    let rows = try database.query(NotificationStatements.list, filter.parameters + [.int(Int64(limit) + 1)])
    let entries = (0..<min(rows.count, limit)).map { row in
      func time(_ column: Int) -> Timestamp? {
        rows.optionalTimestamp(row, column).map(Timestamp.init(microseconds:))
      }
      return Entry(
        notificationID: rows.text(row, 0), state: rows.text(row, 1),
        createdAt: Timestamp(microseconds: rows.timestamp(row, 2)), channel: rows.text(row, 3),
        recipient: rows.text(row, 4), eventType: rows.text(row, 5), eventID: rows.text(row, 6),
        subject: rows.text(row, 7), attempts: rows.int4(row, 8), nextAttemptAt: time(9), settledAt: time(10),
        lastError: rows.optionalText(row, 11), resentAt: time(12), resentBy: rows.optionalText(row, 13),
        resentWhy: rows.optionalText(row, 14))
    }
    return (entries, rows.count > limit)
  }

  /// What became of a notification that was to be sent again.
  public enum Result: Sendable, Equatable {
    /// It is due now, with all its attempts before it.
    case resent
    /// It was not given up: it waits, or was sent.
    case unchanged(State)
    /// What it told was erased.
    case erased
    /// There is none.
    case unknown
  }

  /// Has notifications sent again that were given up, as if they had just been made: under the same id, so that a
  /// receiver which has taken one after all knows it.
  ///
  /// - Returns: What became of each, in the order of the ids.
  public func resend(_ ids: [String], by name: String, why: String) throws -> [(id: String, result: Result)] {
    try database.transaction {
      let rows = try database.query(NotificationStatements.resend, [.texts(ids), .text(name), .text(why)])
      let resent = Set((0..<rows.count).map { rows.text($0, 0) })
      let states = try database.query(NotificationStatements.states, [.texts(ids)])
      var others: [String: Result] = [:]
      for row in 0..<states.count {
        let state = State(rawValue: states.text(row, 1)) ?? .waiting
        others[states.text(row, 0)] = state == .failed ? .erased : .unchanged(state)
      }
      return ids.map { ($0, resent.contains($0) ? .resent : others[$0] ?? .unknown) }
    }
  }

  /// The same of all that a filter means and that were given up, in portions with a commit each.
  public func resendAll(
    _ filter: Filter, by name: String, why: String, _ body: ([(id: String, result: Result)]) throws -> Void
  ) throws {
    let start = try DatabaseClock.read(on: database)
    var filter = filter
    filter.state = .failed
    while true {
      // What fails again meanwhile is left to the next time.
      let rows = try database.query(
        NotificationStatements.failed, filter.parameters + [.timestamp(start.microseconds)])
      guard rows.count > 0 else { return }
      try body(try resend((0..<rows.count).map { rows.text($0, 0) }, by: name, why: why))
    }
  }
}

private enum NotificationStatements {
  private static let filter = """
    ($1::text is null or state = $1) and ($2::text is null or channel = $2) and ($3::text is null or event_type = $3)
    and ($4::timestamptz is null or created_at >= $4) and ($5::timestamptz is null or created_at < $5)
    """

  static let list = Statement.once(
    """
    select notification_id::text, state, created_at, channel, recipient, event_type, event_id, subject, attempts,
           case when state = 'waiting' then next_attempt_at end, settled_at, last_error, resent_at, resent_by,
           resent_why
    from notification_deliveries where \(filter) order by created_at desc, notification_id desc limit $6
    """)

  static let failed = Statement.once(
    """
    select notification_id::text from notification_deliveries
    where \(filter) and state = 'failed' and settled_at <= $6 and body <> ''
    order by created_at, notification_id limit 100
    """)

  static let resend = Statement.once(
    """
    update notification_deliveries set state = 'waiting', settled_at = null, attempts = 0,
      next_attempt_at = clock_timestamp(), round = round + 1, resent_at = clock_timestamp(), resent_by = $2,
      resent_why = $3
    where notification_id = any($1::text[]::uuid[]) and state = 'failed' and body <> ''
    returning notification_id::text
    """)

  static let states = Statement.once(
    "select notification_id::text, state from notification_deliveries where notification_id = any($1::text[]::uuid[])")
}
