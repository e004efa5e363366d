import Contracts
import Postgres

/// The one clock of all workers: the database's, read after the locks were granted, so that it follows lock order.
public enum DatabaseClock {
  private static let statement = Statement(name: "clock", sql: "select clock_timestamp()")

  /// Queues the question, as the last one of a locking phase.
  public static func send(on database: Connection) throws { try database.send(statement) }

  /// The answer to the question queued by ``send(on:)``.
  public static func receive(on database: Connection) throws -> Timestamp {
    Timestamp(microseconds: try database.receive().timestamp(0, 0))
  }

  /// Asks and waits, where nothing else is locked.
  public static func read(on database: Connection) throws -> Timestamp {
    Timestamp(microseconds: try database.query(statement).timestamp(0, 0))
  }
}
