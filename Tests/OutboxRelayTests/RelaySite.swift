import AMQP
import Lanes
import OutboxRelay
import Postgres
import Schema
import Synchronization
import TestServers
import Testing

/// All tests of the relay, one after the other: several of them fill the machine.
@Suite(.serialized) struct RelayTests {}

/// A migrated database with an outbox, a vhost with the exchange, and a desk to look at both.
final class RelaySite: Sendable {
  let postgres: PostgresServer
  let broker: RabbitMQServer
  let conninfo: String
  let vhost: String
  private let lane = Lane(name: "desk")
  private let database: Desk

  /// - Parameter alternate: Whether what nobody wants goes to the queue `unrouted`, as in production.
  init(
    postgres: PostgresServer? = nil, broker: RabbitMQServer? = nil, alternate: Bool = false
  ) async throws {
    self.postgres = try postgres ?? .shared()
    if let broker { self.broker = broker } else { self.broker = try await .shared() }
    conninfo = try await RelaySite.migrated(on: self.postgres)
    vhost = try await self.broker.makeVirtualHostNamed()
    database = Desk(conninfo)
    try await amqp { connection in
      var arguments: [String: HeaderValue] = [:]
      if alternate {
        try connection.declareExchange("supply.unrouted", type: "fanout")
        try connection.declareQueue("unrouted")
        try connection.bind(queue: "unrouted", exchange: "supply.unrouted", routingKey: "")
        arguments["alternate-exchange"] = .string("supply.unrouted")
      }
      try connection.declareExchange("supply.events", type: "topic", arguments: arguments)
    }
  }

  deinit { lane.stop() }

  private static let templates = Mutex<[Int: String]>([:])

  /// A copy of one migrated database per server: migrating takes a second, copying a moment.
  private static func migrated(on server: PostgresServer) async throws -> String {
    if let template = templates.withLock({ $0[server.port] }) { return try server.makeDatabase(from: template) }
    let conninfo = try server.makeDatabase()
    let lane = Lane(name: "migration")
    defer { lane.stop() }
    try await lane.run {
      let connection = try Postgres.Connection(ConnectionOptions(conninfo: conninfo))
      _ = try Migrator(connection).migrate()
      connection.close()
    }
    let name = String(conninfo.split(separator: "/").last ?? "")
    templates.withLock { $0[server.port] = name }
    return try server.makeDatabase(from: name)
  }

  /// A relay that the caller turns by hand, on its own lane.
  func relay(
    named name: String, limits: RelayLimits = RelayLimits()
  ) throws -> (relay: Relay, database: Postgres.Connection, broker: AMQP.Connection) {
    let broker = try AMQP.Connection(BrokerOptions(uri: broker.uri(vhost: vhost), connectionName: name))
    let database = try Desk(conninfo).connection()
    return (try Relay(database: database, broker: broker, limits: limits), database, broker)
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

  /// Runs statements as superuser, on a connection that stays open.
  func script(_ sql: String) async throws {
    let database = database
    try await lane.run { try database.connection().script(sql) }
  }

  /// The one number of a query.
  func number(_ sql: String) async throws -> Int64 {
    let database = database
    return try await lane.run { try database.query("select (\(sql))::int8").int(0, 0) }
  }

  /// Messages that wait in the outbox.
  func waiting() async throws -> Int64 { try await number("select coalesce(sum(messages), 0) from outbox") }

  /// Messages in a queue.
  func depth(of queue: String) async throws -> Int {
    try await amqp { try $0.declareQueuePassively(queue).messages }
  }

  /// A queue that hears these keys.
  func subscribe(_ queue: String, to keys: String..., arguments: [String: HeaderValue] = [:]) async throws {
    try await amqp { connection in
      try connection.declareQueue(queue, arguments: arguments)
      for key in keys { try connection.bind(queue: queue, exchange: "supply.events", routingKey: key) }
    }
  }

  /// Takes so many messages from a queue.
  func receive(_ count: Int, from queue: String) async throws -> [AMQP.Delivery] {
    try await amqp { connection in
      let consumer = try Consumer(connection, queue: queue, prefetch: 5000)
      var all: [AMQP.Delivery] = []
      let end = ContinuousClock.now + patience
      while all.count < count {
        let some = try consumer.take(upTo: 5000, waiting: .milliseconds(200))
        if let last = some.last { try consumer.ack(last.tag, multiple: true) }
        all += some
        if ContinuousClock.now > end { throw NeverHappened("\(count) messages in \(queue), only \(all.count)") }
      }
      return all
    }
  }

  /// How messages lie in the outbox.
  enum Filling: CaseIterable {
    case rows
    case packets
  }

  /// Writes messages, those of all aggregates with one number before the next number. The body says `aggregate:number`.
  func fill(
    aggregates: ClosedRange<Int>, numbers: ClosedRange<Int>, key: String = "order.reserved", as filling: Filling = .rows
  ) async throws {
    switch filling {
    case .rows: try await script(RelaySite.filling(aggregates: aggregates, numbers: numbers, key: key))
    case .packets: try await script(RelaySite.packing(aggregates: aggregates, numbers: numbers, key: key))
    }
  }

  /// Packets of 32 messages of a shard, what is left over among them; a message alone is a row.
  private static func packing(aggregates: ClosedRange<Int>, numbers: ClosedRange<Int>, key: String) -> String {
    """
    with message as (
      select a, n, format('m-%s-%s', a, n) as id, format('%s:%s', a, n) as body,
             (row_number() over (partition by a % 16 order by n, a) - 1) / 32 as packet
      from generate_series(\(numbers.lowerBound), \(numbers.upperBound)) n,
           generate_series(\(aggregates.lowerBound), \(aggregates.upperBound)) a
    ), packed as (
      select a % 16 as shard, packet, count(*) as messages, min(a) as a, min(id) as id, min(body) as only_body,
             string_agg(format('%s %s \(key) %s', a, length(body), id), E'\\n' order by n, a) || E'\\n\\n'
             || string_agg(body, '' order by n, a) as body
      from message group by 1, 2
    )
    insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, messages, body)
    select shard, case when messages = 1 then a else 0 end, case when messages = 1 then 'supply.events' else '' end,
           case when messages = 1 then '\(key)' else 'tallyman.packet' end, case when messages = 1 then id else '' end,
           'application/cloudevents+json', messages,
           convert_to(case when messages = 1 then only_body else body end, 'UTF8')
    from packed order by packet, shard
    """
  }

  static func filling(aggregates: ClosedRange<Int>, numbers: ClosedRange<Int>, key: String) -> String {
    """
    insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, body)
    select a % 16, a, 'supply.events', '\(key)', 'm-' || a || '-' || n, 'application/cloudevents+json',
           convert_to(a || ':' || n, 'UTF8')
    from generate_series(\(numbers.lowerBound), \(numbers.upperBound)) n,
         generate_series(\(aggregates.lowerBound), \(aggregates.upperBound)) a
    order by n, a
    """
  }
}

extension RelaySite {
  /// A session of its own, for a transaction that stays open.
  final class Writer: Sendable {
    private let lane = Lane(name: "writer")
    private let desk: Desk

    init(_ conninfo: String) { desk = Desk(conninfo) }

    func script(_ sql: String) async throws {
      let desk = desk
      try await lane.run { try desk.connection().script(sql) }
    }

    func close() async {
      let desk = desk
      try? await lane.run { try desk.connection().close() }
      lane.stop()
    }
  }
}

/// A connection that is made when it is needed and made anew when it is lost. Used on one lane.
final class Desk: @unchecked Sendable {
  // `@unchecked Sendable`: used on one lane only.
  private let conninfo: String
  private var open: Postgres.Connection?

  init(_ conninfo: String) { self.conninfo = conninfo }

  func connection() throws -> Postgres.Connection {
    if let open, open.isUsable { return open }
    var options = ConnectionOptions(conninfo: conninfo, applicationName: "desk")
    options.statementTimeout = .seconds(60)
    options.idleInTransactionTimeout = .seconds(60)
    options.settings = ["search_path": "tallyman"]
    let fresh = try Postgres.Connection(options)
    open = fresh
    return fresh
  }

  /// Asks again while the server is away.
  func query(_ sql: String) throws -> Rows {
    let end = ContinuousClock.now + .seconds(60)
    while true {
      do {
        return try connection().query(.once(sql))
      } catch let error as PostgresError where error.category == .infrastructure && ContinuousClock.now < end {
        Lane.pause(for: .milliseconds(50))
      }
    }
  }
}
