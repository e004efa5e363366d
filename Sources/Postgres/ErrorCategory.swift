/// What a caller can do about an error: the only place where SQLSTATEs are judged.
public enum ErrorCategory: Sendable, Hashable, CaseIterable {
  /// The transaction lost a race for locks (40001, 40P01, 55P03). Run the whole of it again, with jitter.
  case retryable
  /// A unique key exists already (23505). What it means depends on ``PostgresError/constraint``.
  case conflict
  /// The values are at fault (class 22, class 23 but for the exceptions, class 54 such as an index row that is too
  /// long). The same values will fail again: find the guilty message by halving the batch.
  case data
  /// The program or the schema is at fault (class 42, 0A, 26 and whatever is not listed). Trying again does not help.
  case bug
  /// The database is away, full, starting, stopping, read-only, or lacks a partition (classes 08, 28, 3D, 53, 57, 58;
  /// 25006, 25P03, 40003; 23514 from partition routing; a stale cached plan). Nothing is wrong with the work: pause and
  /// try again, without counting an attempt.
  case infrastructure
  /// The statement was cancelled (57014): by `statement_timeout` or by a ``Canceller``. The connection stays usable.
  /// As with ``infrastructure``, nothing is wrong with the work: an overloaded server makes any statement time out.
  case cancelled
}

extension ErrorCategory {
  /// Judges an error.
  ///
  /// - Parameters:
  ///   - state: The SQLSTATE.
  ///   - message: The server's message; tells 23514 of partition routing from that of a CHECK.
  ///   - routine: The server's source function, which says the same in every language the server may speak.
  public init(_ state: SQLState, message: String = "", routine: String? = nil) {
    switch state.code {
    case "40001", "40P01", "55P03": self = .retryable
    case "23505": self = .conflict
    case "23514" where routine == "ExecFindPartition" || message.contains("no partition of relation"):
      self = .infrastructure
    case "57014": self = .cancelled
    case "25006", "25P03", "40003": self = .infrastructure
    // The plan of a prepared statement no longer fits after a migration. A new connection prepares it afresh.
    case "0A000" where routine == "RevalidateCachedQuery": self = .infrastructure
    default: self = Self.ofClass(state.errorClass)
    }
  }

  private static func ofClass(_ errorClass: Substring) -> ErrorCategory {
    switch errorClass {
    case "22", "23", "54": .data
    case "08", "28", "3D", "53", "57", "58": .infrastructure
    default: .bug
    }
  }
}
