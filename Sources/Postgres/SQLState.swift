/// The five characters by which PostgreSQL tells the kind of an error (PostgreSQL manual, appendix A).
public struct SQLState: Hashable, Sendable, CustomStringConvertible {
  /// For example `40P01`.
  public let code: String

  /// - Parameter code: Five characters.
  public init(_ code: String) { self.code = code }

  /// The first two characters, which name the class of errors.
  public var errorClass: Substring { code.prefix(2) }

  /// The code.
  public var description: String { code }

  /// This transaction was chosen to end a deadlock.
  public static let deadlockDetected = SQLState("40P01")
  /// `lock_timeout` or NOWAIT.
  public static let lockNotAvailable = SQLState("55P03")
  /// A division by zero: how a guarded write fails, see ``WriteSet/guarded(_:by:)``.
  public static let divisionByZero = SQLState("22012")
  /// A unique key exists already.
  public static let uniqueViolation = SQLState("23505")
  /// A CHECK constraint failed, or a row found no partition.
  public static let checkViolation = SQLState("23514")
  /// `statement_timeout` or a cancel request.
  public static let queryCanceled = SQLState("57014")
  /// A statement was sent after an earlier one had made the transaction fail.
  public static let inFailedTransaction = SQLState("25P02")
  /// A relation does not exist.
  public static let undefinedTable = SQLState("42P01")
  /// Something is asked for that the server does not support; also a cached plan whose result type has changed.
  public static let featureNotSupported = SQLState("0A000")
  /// The connection could not be opened (ours: libpq gives no code).
  public static let cannotConnect = SQLState("08001")
  /// The connection ended or stopped answering (ours: libpq gives no code).
  public static let connectionFailure = SQLState("08006")
  /// Whether the transaction was committed is not known.
  public static let outcomeUnknown = SQLState("08007")
  /// An error inside the server; also ours for a call that libpq refuses, such as one with 65,536 parameters.
  public static let internalError = SQLState("XX000")
}
