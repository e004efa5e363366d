import Contracts
import Lanes
import Postgres

/// What the pipeline does about a failed transaction. PostgreSQL's codes are classified in the Postgres room; this is
/// what a batch makes of the classes.
enum Remedy {
  /// Somebody else settled or claimed one of these: look everything up and run again.
  case lookCarefully
  /// Deadlock, serialisation failure, lock time-out: the same again.
  case repeatWhole
  /// The data is at fault: find the guilty message.
  case halve
  /// Nothing is wrong with the messages: keep them and wait.
  case pause

  init(for error: PostgresError) {
    switch error.category {
    case .retryable: self = .repeatWhole
    case .conflict: self = Remedy.isClaim(error.constraint) ? .lookCarefully : .halve
    case .data: self = .halve
    // A missing table, column, privilege or statement, or a damaged database, concerns every message: a deployment at
    // fault must not bury the world.
    case .bug:
      let code = error.sqlState
      let concernsAll =
        ["42", "3D", "3F", "25", "26"].contains(code.errorClass) || ["XX001", "XX002"].contains(code.code)
      self = concernsAll ? .pause : .halve
    case .infrastructure, .cancelled: self = .pause
    }
  }

  /// Unique constraints that say "this was done or claimed meanwhile", and not "this message is wrong".
  private static let claims: Set<String> = [
    "orders_pkey", "receipts_pkey", "moves_pkey", "shipments_pkey", "products_pkey", "product_barcodes_pkey",
    "locations_pkey", "policies_set_pkey", "backorders_pkey", "counts_pkey", "adjustments_pkey", "quality_holds_pkey",
    "quality_releases_pkey", "transfers_pkey", "transfer_arrivals_pkey", "returns_pkey", "shipment_plans_failed_pkey",
  ]

  /// The inbox's key has another name in every partition.
  private static func isClaim(_ constraint: String?) -> Bool {
    guard let constraint else { return false }
    return claims.contains(constraint) || constraint.hasPrefix("inbox_")
  }
}

/// A batch that failed because of what one of its messages says.
struct DataFault: Error, CustomStringConvertible {
  /// In the terms of a dead letter.
  let reason: Reason
  let description: String

  init(_ error: PostgresError) {
    reason = Reason(
      .databaseRefused, field: error.constraint ?? error.column ?? "database", value: error.sqlState.code,
      rule: "the database refused it: \(error.message)")
    description = error.description
  }

  init(_ missing: NeedsMoreRows) {
    reason = Reason(
      .databaseRefused, field: "database", value: missing.what,
      rule: "must be complete once it is locked; it was not, time and again")
    description = "not all rows could be locked: \(missing.what)"
  }

  /// - Parameter cancelled: A statement's time-out, met each time.
  init(tooSlow cancelled: PostgresError) {
    reason = Reason(
      .tooSlow, field: "database", value: cancelled.statement ?? cancelled.sqlState.code,
      rule: "must take less than a statement's time-out; it was cancelled \(Slowness.patience) times")
    description = "too slow: \(cancelled)"
  }

  init(_ mismatch: WriteMismatch) {
    reason = Reason(
      .databaseRefused, field: mismatch.statement, value: "another number of rows",
      rule: "must change \(mismatch.expected) rows")
    description = "\(mismatch)"
  }
}

/// Counts how often in a row a message's statements were cancelled while it stood alone. What would hold up a lane for
/// ever, and its SKU's other messages with it, is put aside; where all are slow, none of them is lost by it.
struct Slowness {
  /// How often a message alone may run into a time-out.
  static let patience = 5

  private var id: String?
  private var times = 0

  /// - Returns: Whether it is enough.
  mutating func isEnough(_ error: PostgresError, _ part: ArraySlice<Decoded>) -> Bool {
    guard error.sqlState == .queryCanceled, part.count == 1, let alone = part.first?.message?.envelope.id else {
      return false
    }
    times = id == alone ? times + 1 : 1
    id = alone
    return times >= Slowness.patience
  }
}

/// Counts how often one batch was in somebody's way, waits a little longer each time, and gives up in the end.
struct Obstacles {
  private var met = 0
  private var backoff = Backoff(initial: .milliseconds(2), maximum: .milliseconds(200))

  /// Waits a little. Whoever is in the way may hold a lock for long: the broker and the watch over the lane must not
  /// take that for the lane's end.
  ///
  /// - Throws: The obstacle itself after 30 of them, and when the process is to stop: the lane then pauses, or ends and
  ///   the broker delivers again. Or the broker's error.
  mutating func meet(_ obstacle: some Error, serving broker: some Broker) throws {
    met += 1
    guard met <= 30, !broker.isStopping else { throw obstacle }
    try broker.serve()
    Lane.pause(for: backoff.next())
  }
}
