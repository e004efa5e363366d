import AMQP
import Contracts
import Postgres

/// Everything that a step of the story needs: the post, the subscriber, the records, the workers and the screen.
final class Stage {
  let post: Post
  let subscriber: Subscriber
  let records: Records
  let crew: Crew
  var screen = Screen()

  /// Connects to the broker, once as each party, and to the database.
  init(_ options: StoryOptions) throws {
    func broker(as user: String) throws -> AMQP.Connection {
      try AMQP.Connection(
        BrokerOptions(
          uri: "amqp://\(user)@\(options.broker)", password: try TextFile.secret("\(options.brokerPasswords)/\(user)"),
          connectionName: "tallyman-demo/\(user)"))
    }
    subscriber = try Subscriber(try broker(as: Party.subscriber))
    var publishers: [Party: Publisher] = [:]
    for party in Party.allCases { publishers[party] = try Publisher(try broker(as: party.rawValue)) }
    post = Post(publishers, seed: options.seed)
    var database = ConnectionOptions(
      conninfo: options.database, password: try TextFile.secret(options.databasePasswordFile),
      applicationName: "tallyman-demo")
    database.settings["search_path"] = "tallyman"
    records = Records(try Postgres.Connection(database))
    crew = Crew(folder: options.pids, starter: options.starter)
  }

  /// Takes leave of the broker.
  func close() {
    post.close()
    subscriber.close()
  }

  /// Reads events until something is so.
  ///
  /// - Parameters:
  ///   - what: For the message when it does not become so.
  ///   - limit: How long to wait for it.
  ///   - progress: Live counts.
  ///   - condition: Is asked after every read; must be cheap, or see ``wait(for:within:progress:untilRecords:)``.
  func wait(
    for what: String, within limit: Duration = .seconds(30), progress: () -> String, until condition: () throws -> Bool
  ) throws {
    let deadline = ContinuousClock.now + limit
    while true {
      try subscriber.read(waiting: .milliseconds(20))
      try post.idle()
      if try condition() { return }
      screen.progress(progress())
      guard ContinuousClock.now < deadline else {
        throw StoryFailure("within \(limit.components.seconds) s there were not \(what): \(progress())")
      }
    }
  }

  /// The same with a condition that asks the database, which is asked ten times a second.
  func waitForRecords(
    _ what: String, within limit: Duration = .seconds(30), progress: () -> String, until condition: () throws -> Bool
  ) throws {
    var nextLook = ContinuousClock.now
    try wait(for: what, within: limit, progress: progress) {
      guard ContinuousClock.now >= nextLook else { return false }
      nextLook = ContinuousClock.now + .milliseconds(100)
      return try condition()
    }
  }
}
