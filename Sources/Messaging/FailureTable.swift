/// What a worker does about what can go wrong, beside the reasons of single messages in ``ReasonKind``.
///
/// The table of `topology/OPERATIONS.md` is written from it, and a test compares it with what the pipeline does with
/// each of the database's codes.
public enum Failure: String, CaseIterable, Sendable {
  /// Another transaction was in the way.
  case contention = "A deadlock, a serialisation failure, a lock time-out"
  /// Another lane or process was quicker.
  case race = "A message, order or receipt that another lane has just claimed"
  /// A row that the transaction turned out to need.
  case unforeseen = "Rows that turn out to be needed only after locking"
  /// The data of one message.
  case badData = "The database refuses what a message would write"
  /// The database cannot do its work.
  case databaseAway = "The database is down, read-only, full, failing over, refusing or silent; a cancelled statement"
  /// The deployment is at fault.
  case deployment = "A missing table, column, right or statement; a damaged page"
  /// A receiver of notifications.
  case receiver = "A mail server or webhook that fails or is slow"
  /// The broker refuses or returns what the relay publishes.
  case publishing = "A publish that is refused or returned"
  /// The broker cannot do its work.
  case brokerAway = "The broker is down, restarts, blocks publishers, or closes the channel"

  /// What is done.
  public var treatment: String {
    switch self {
    case .contention: "the same transaction again at once, up to 30 times with growing pauses; then the lane pauses"
    case .race: "everything is looked up and decided again; what was done already is a duplicate"
    case .unforeseen: "the transaction runs again with those rows, up to 30 times; then the lane pauses"
    case .badData:
      "the batch is halved until the message stands alone; that one is a dead letter (`database_refused`), the others "
        + "are applied"
    case .databaseAway:
      "the lane pauses and keeps its messages; no attempt is used up; it goes on by itself. A message whose statements "
        + "are cancelled five times while it stands alone is tried again later (`too_slow`)"
    case .deployment: "the lane pauses and says so: a fault of every message must not bury all of them"
    case .receiver: "tried again with growing pauses, TALLYMAN_DELIVERY_ATTEMPTS times; then `notification.failed`"
    case .publishing: "the row stays, its aggregate's later rows wait; tried again with growing pauses, for ever"
    case .brokerAway: "the lane connects again; what was not acknowledged the broker delivers again"
    }
  }

  /// The database's codes that mean it; empty where it is not the database that says so.
  var codes: [String] {
    switch self {
    case .contention: ["40P01", "40001", "55P03"]
    case .race: ["23505"]
    case .badData: ["22001", "22003", "22P02", "23502", "23503", "23514", "54000"]
    case .databaseAway: ["08001", "08006", "25006", "53100", "53300", "57P01", "57P03", "58030", "57014"]
    case .deployment: ["42P01", "42703", "42501", "3F000", "26000", "XX001"]
    case .unforeseen, .receiver, .publishing, .brokerAway: []
    }
  }

  /// What the pipeline does with those codes.
  var remedy: Remedy? {
    switch self {
    case .contention: .repeatWhole
    case .race: .lookCarefully
    case .badData: .halve
    case .databaseAway, .deployment: .pause
    case .unforeseen, .receiver, .publishing, .brokerAway: nil
    }
  }
}

/// The tables of what is tried again and what is not, as Markdown.
public enum FailureTable {
  /// Reasons of single messages, with what becomes of them and what to do.
  public static var reasons: String {
    let rows = ReasonKind.allCases.map { kind in
      "| `\(kind.rawValue)` | \(kind.treatment.rawValue) | \(kind.guide.meaning) | \(kind.guide.look) | "
        + "\(kind.guide.act) |"
    }
    return (["| Reason | Treatment | What it means | What to look at | What to do |", "|---|---|---|---|---|"] + rows)
      .joined(separator: "\n")
  }

  /// Everything else that can go wrong.
  public static var failures: String {
    let rows = Failure.allCases.map { failure in
      "| \(failure.rawValue) | \(failure.codes.map { "`\($0)`" }.joined(separator: " ")) | \(failure.treatment) |"
    }
    return (["| What | PostgreSQL's codes, for example | What is done |", "|---|---|---|"] + rows).joined(
      separator: "\n")
  }
}
