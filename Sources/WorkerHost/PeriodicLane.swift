import Lanes
import Logging
import Observability
import Postgres

/// Does something again and again with a database connection, which it makes anew whenever it is lost.
final class PeriodicLane {
  private let context: LaneContext
  private let body: WorkerProcess.Turn
  private var database: Postgres.Connection?

  init(_ context: LaneContext, _ body: @escaping WorkerProcess.Turn) {
    self.context = context
    self.body = body
  }

  func run() {
    var backoff = Backoff(initial: .milliseconds(200), maximum: .seconds(5))
    while !context.stop.isRaised {
      context.beat()
      do {
        let database = try connection()
        guard let wait = try context.work({ try body(database, isStopping) }) else { break }
        context.readiness.ok(.database(lane: context.name))
        backoff.reset()
        context.wait(wait)
      } catch {
        context.readiness.fail(.database(lane: context.name), because: "\(error)")
        context.logger.warning("the turn failed and is repeated", metadata: [LogKey.error: .string("\(error)")])
        // Whatever state the failure left behind ends with the connection.
        database?.close()
        database = nil
        context.wait(backoff.next())
      }
    }
    database?.close()
    context.readiness.retire(lane: context.name)
  }

  /// A turn that asks shows that it moves.
  private func isStopping() -> Bool {
    context.beat()
    return context.stop.isRaised
  }

  private func connection() throws -> Postgres.Connection {
    if let database, database.isUsable { return database }
    let fresh = try context.connectDatabase()
    database = fresh
    return fresh
  }
}
