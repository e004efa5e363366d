import AMQP
import Allocation
import Contracts
import Foundation
import Inventory
import Lanes
import Messaging
import Notifications
import Postgres
import Schema
import Synchronization
import TestServers
import Testing
import WorkerHost

/// All tests that start the executables, one after the other: each keeps the machine busy.
@Suite(.serialized) struct ProcessTests {}

/// A database and a vhost with the queues of the workers, as production has them but with shorter delays.
final class ProcessSite: Sendable {
  let postgres: PostgresServer
  let broker: RabbitMQServer
  let database: String
  let vhost: String
  private let databasePort: Int
  private let lane = Lane(name: "desk")
  private let desk: Desk
  private let locker: Desk
  private let publishing: Publishing

  /// - Parameters:
  ///   - isMigrated: Whether the database has its schema.
  ///   - hasQueues: Whether the workers' queues exist.
  ///   - databasePort: By which port everybody reaches the database; its own unless said otherwise.
  ///   - tablespace: Where the database's files are to be.
  init(
    postgres: PostgresServer? = nil, broker: RabbitMQServer? = nil, isMigrated: Bool = true, hasQueues: Bool = true,
    databasePort: Int? = nil, tablespace: String? = nil
  ) async throws {
    self.postgres = try postgres ?? .shared()
    if let broker { self.broker = broker } else { self.broker = try await .shared() }
    let own = try self.postgres.makeDatabase()
    database = String(own.split(separator: "/").last ?? "")
    if let tablespace { try self.postgres.execute("alter database \(database) set tablespace \(tablespace)") }
    self.databasePort = databasePort ?? self.postgres.port
    let conninfo = own.replacing(":\(self.postgres.port)/", with: ":\(self.databasePort)/")
    vhost = try await self.broker.makeVirtualHostNamed()
    desk = Desk(conninfo)
    locker = Desk(conninfo)
    publishing = Publishing(
      BrokerOptions(uri: self.broker.uri(vhost: vhost), connectionName: "publisher"))
    if isMigrated { try await migrate() }
    try await amqp { connection in
      try connection.declareExchange("supply.unrouted", type: "fanout")
      try connection.declareExchange(
        "supply.events", type: "topic", arguments: ["alternate-exchange": .string("supply.unrouted")])
      guard hasQueues else { return }
      for manifest in [WorkerManifest.inventory, .allocation, .notification] {
        try ProcessSite.declare(manifest, on: connection)
      }
      try connection.declareQueue("all")
      try connection.bind(queue: "all", exchange: "supply.events", routingKey: "#")
    }
  }

  deinit { lane.stop() }

  /// The queues of a worker. Its tiers take a quarter of a second each.
  static func declare(_ manifest: WorkerManifest, on connection: AMQP.Connection) throws {
    let quorum: [String: HeaderValue] = ["x-queue-type": .string("quorum")]
    try connection.declareQueue(manifest.queue, arguments: quorum)
    try connection.declareQueue(manifest.deadQueue, arguments: quorum)
    try connection.declareQueue(manifest.undeliveredQueue, arguments: quorum)
    for tier in RetryTier.all {
      try connection.declareQueue(
        manifest.retryQueue(tier.number),
        arguments: quorum.merging([
          "x-message-ttl": .int(250), "x-dead-letter-exchange": .string(""),
          "x-dead-letter-routing-key": .string(manifest.queue),
        ]) { $1 })
    }
    for type in manifest.consumes {
      try connection.bind(queue: manifest.queue, exchange: "supply.events", routingKey: type.rawValue)
    }
  }

  /// Applies the schema.
  func migrate() async throws {
    let desk = desk
    try await lane.run { _ = try Migrator(desk.connection()).migrate() }
  }

  // MARK: Processes

  /// What an executable needs, with its own role in the database.
  func environment(_ executable: Executable) -> [String: String] {
    let role = executable == .outboxRelay ? "relay" : String(executable.rawValue.prefix { $0 != "-" })
    return [
      "TALLYMAN_DATABASE_URL": postgres.conninfo(database: database, user: "tallyman_\(role)")
        .replacing(":\(postgres.port)/", with: ":\(databasePort)/"),
      "TALLYMAN_BROKER_URL": broker.uri(vhost: vhost),
      "TALLYMAN_HTTP_HOST": "127.0.0.1", "TALLYMAN_HTTP_PORT": "0",
    ]
  }

  /// Starts an executable.
  func start(_ executable: Executable, _ more: [String: String] = [:]) throws -> ProcessChild {
    try ProcessChild(executable, environment(executable).merging(more) { $1 })
  }

  /// Starts several and waits until they are ready.
  func startReady(_ executables: Executable...) async throws -> [ProcessChild] {
    let children = try executables.map { try start($0) }
    for child in children { try await child.ready() }
    return children
  }

  // MARK: Looking and meddling

  /// Runs a blocking body with a broker connection of its own.
  func amqp<Success: Sendable>(
    _ body: @escaping @Sendable (AMQP.Connection) throws -> Success
  ) async throws -> Success {
    let options = BrokerOptions(uri: broker.uri(vhost: vhost), connectionName: "desk")
    return try await lane.run {
      let connection = try AMQP.Connection(options)
      defer { connection.close() }
      return try body(connection)
    }
  }

  /// Runs a blocking body with a connection of a superuser.
  func withDesk<Success: Sendable>(
    _ body: @escaping @Sendable (Postgres.Connection) throws -> Success
  ) async throws -> Success {
    let desk = desk
    return try await lane.run { try body(desk.connection()) }
  }

  /// Rows of a query, all of text.
  func rows(_ sql: String) async throws -> [[String]] {
    let desk = desk
    return try await lane.run {
      let rows = try desk.query(sql)
      return (0..<rows.count).map { row in (0..<rows.columns).map { rows.optionalText(row, $0) ?? "" } }
    }
  }

  /// The one number of a query.
  func number(_ sql: String) async throws -> Int64 {
    Int64(try await rows("select (\(sql))::text").first?.first ?? "") ?? -1
  }

  /// Runs statements as superuser.
  func script(_ sql: String) async throws {
    let desk = desk
    try await lane.run { try desk.connection().script(sql) }
  }

  /// Runs statements on another connection, whose transaction may stay open: within one, PostgreSQL shows the same
  /// activity again and again.
  func lock(_ sql: String) async throws {
    let locker = locker
    try await lane.run { try locker.connection().script(sql) }
  }

  /// Where messages may be that have not been applied.
  private func account() async throws -> String {
    let letters = try await rows("select message_id, kind, field, rule from dead_letters order by 1 limit 5")
    let suspects = try await rows("select message_id, in_company::text, alone::text from suspects order by 1 limit 5")
    let inbox = try await rows("select consumer, outcome, count(*)::text from inbox group by 1, 2 order by 1, 2")
    struct Queue: Decodable {
      let name: String
      let ready, inHand: Int?
      enum CodingKeys: String, CodingKey {
        case name
        case ready = "messages_ready"
        case inHand = "messages_unacknowledged"
      }
    }
    let queues = try await broker.read([Queue].self, "queues/\(RabbitMQServer.encoded(vhost))")
      .map { "\($0.name) \($0.ready ?? -1) ready, \($0.inHand ?? -1) in hand" }
    return "dead letters \(letters)\nsuspects \(suspects)\ninbox \(inbox)\nqueues \(queues)"
  }

  /// Messages in a queue.
  func depth(of queue: String) async throws -> Int {
    try await amqp { try $0.declareQueuePassively(queue).messages }
  }

  /// Takes everything out of a queue.
  func drain(_ queue: String) async throws -> [AMQP.Delivery] {
    try await amqp { connection in
      let consumer = try Consumer(connection, queue: queue, prefetch: 5000)
      var all: [AMQP.Delivery] = []
      var isEmpty = false
      while true {
        let some = try consumer.take(upTo: 5000, waiting: .milliseconds(500))
        guard let last = some.last else {
          // A busy broker may be silent for longer while there is more.
          if isEmpty { return all }
          isEmpty = try connection.declareQueuePassively(queue).messages == 0
          continue
        }
        try consumer.ack(last.tag, multiple: true)
        all += some
      }
    }
  }

  /// Publishes and waits for the confirms; while the broker is away, again and again: publishers do that.
  func publish(_ parcels: [Parcel]) async throws {
    let publishing = publishing
    try await lane.run { try publishing.publish(parcels) }
  }

  /// Publishes one.
  func publish(_ parcel: Parcel) async throws { try await publish([parcel]) }

  /// Publishes goods and waits until they are there; wants an inventory-worker.
  func stock(skus: Int, each: Int) async throws {
    try await publish(Parcel.stock(skus: skus, each: each))
    let total = Int64(skus * each)
    try await until("the goods are there", "select coalesce(sum(on_hand), 0) from balances", is: total)
  }

  /// Waits until the query's number is this.
  func until(_ what: String, _ sql: String, is expected: Int64) async throws {
    var seen: Int64 = -1
    try await eventually(what, or: { "the last answer was \(seen)\n\(try await account())" }) {
      seen = try await number(sql)
      return seen == expected
    }
  }
}

/// A connection that is made when it is needed and made anew when it is lost. Used on one lane.
private final class Desk: @unchecked Sendable {
  // `@unchecked Sendable`: used on one lane only.
  private let conninfo: String
  private var open: Postgres.Connection?

  init(_ conninfo: String) { self.conninfo = conninfo }

  func connection() throws -> Postgres.Connection {
    if let open, open.isUsable { return open }
    var options = ConnectionOptions(conninfo: conninfo, applicationName: "desk")
    options.idleInTransactionTimeout = .seconds(120)
    options.settings = ["search_path": "tallyman"]
    let fresh = try Postgres.Connection(options)
    open = fresh
    return fresh
  }

  /// Asks again while the server is away.
  func query(_ sql: String) throws -> Rows {
    let end = ContinuousClock.now + patience
    while true {
      do {
        return try connection().query(.once(sql))
      } catch let error as PostgresError where error.category == .infrastructure && ContinuousClock.now < end {
        Lane.pause(for: .milliseconds(50))
      }
    }
  }
}

/// A publisher as another system has it: persistent, confirmed, and the same message again after a failure.
private final class Publishing: @unchecked Sendable {
  // `@unchecked Sendable`: used on one lane only.
  private let options: BrokerOptions
  private var open: (connection: AMQP.Connection, publisher: Publisher)?

  init(_ options: BrokerOptions) { self.options = options }

  func publish(_ parcels: [Parcel]) throws {
    let end = ContinuousClock.now + patience
    while true {
      do {
        return try attempt(parcels)
      } catch {
        open = nil
        guard ContinuousClock.now < end else { throw error }
        Lane.pause(for: .milliseconds(100))
      }
    }
  }

  private func attempt(_ parcels: [Parcel]) throws {
    if open == nil {
      let connection = try AMQP.Connection(options)
      open = (connection, try Publisher(connection))
    }
    guard let publisher = open?.publisher else { return }
    for parcel in parcels {
      try publisher.publish(
        exchange: "supply.events", routingKey: parcel.key, properties: parcel.properties, body: parcel.body,
        mandatory: false)
      // Not more than a broker's buffers take at a time.
      if publisher.unsettled >= 500 { try settle(publisher) }
    }
    try settle(publisher)
  }

  private func settle(_ publisher: Publisher) throws {
    let end = ContinuousClock.now + patience
    while publisher.unsettled > 0 {
      for settlement in try publisher.settlements(waiting: .milliseconds(200)) where settlement.outcome != .confirmed {
        throw ProcessFailure("not confirmed: \(settlement)")
      }
      guard ContinuousClock.now < end else { throw ProcessFailure("the broker confirms nothing") }
    }
  }
}
