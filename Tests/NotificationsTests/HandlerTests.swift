import Contracts
import Delivery
import Lanes
import Messaging
import Postgres
import TestServers
import Testing

@testable import Notifications

/// Notes what the pipeline did.
private final class Log: PipelineObserver {
  var outcomes: [Outcome] = []
  func settled(_ report: BatchReport) { outcomes += report.entries.map(\.outcome) }
  func repeated(after error: any Error) {}
  func halved(_ size: Int, because reason: String) {}
  func rejected(_ delivery: Messaging.Delivery, because reason: String) {}
}

/// A broker's side of settling, which these tests are not about.
private final class Acknowledgements: Broker {
  var through: UInt64 = 0
  func acknowledge(through tag: UInt64) throws { through = tag }
  func reject(_ tag: UInt64) throws {}
  func serve() throws {}
}

@Suite("The pipeline turns events into deliveries")
struct HandlerTests {
  static func process(
    _ deliveries: [Messaging.Delivery], routes: NotificationRoutes, in database: NotificationDatabase
  ) async throws -> [Outcome] {
    try await onLane {
      let connection = try Connection(database.options())
      defer { connection.close() }
      let log = Log()
      let broker = Acknowledgements()
      try Pipeline(NotificationHandler(routes: routes), observer: log).process(
        deliveries, on: connection, broker: broker)
      #expect(broker.through == deliveries.last?.tag)
      return log.outcomes
    }
  }

  static func routes() throws -> NotificationRoutes {
    var routes = NotificationRoutes()
    routes.add(try EmailAddress("ops@example.com"))
    routes.add(try RulesTests.endpoint(), for: .orderShipped)
    return routes
  }

  @Test("One row per event, channel and recipient; a mail holds words, a webhook the event as it came")
  func rows() async throws {
    let database = try await NotificationDatabase()
    let now = Timestamp.now
    let deliveries = Sample.all.enumerated().map {
      Sample.delivery($1, id: "ev-\($0)", tag: UInt64($0 + 1), at: now)
    }
    let outcomes = try await Self.process(deliveries, routes: try Self.routes(), in: database)
    #expect(outcomes == Array(repeating: .applied, count: Sample.all.count))
    let rows = Sample.all.count + 1
    #expect(
      try database.sql("select count(*), count(distinct notification_id) from notification_deliveries")
        == "\(rows)|\(rows)")
    let row = try database.sql(
      """
      select event_id, event_source, event_type, subject, correlation_id, causation_traceparent, state, attempts,
        next_attempt_at <= now(), encode(body, 'hex') from notification_deliveries where channel = 'webhook'
      """)
    let hex = Digest.hex(deliveries[4].body)
    #expect(
      row == "ev-4|urn:example:test|order.shipped|Order ord-1 has shipped with DHL|ord-1|00-aa-bb-01|waiting|0|t|\(hex)"
    )
    let mail = try database.sql(
      "select convert_from(body, 'UTF8') from notification_deliveries where event_type = 'stock.low'")
    #expect(mail.hasPrefix("ABC-1 is running low at WH-01."))
  }

  @Test("The same event again adds nothing, even after its inbox row is forgotten")
  func again() async throws {
    let database = try await NotificationDatabase()
    let routes = try Self.routes()
    let first = Sample.delivery(Sample.all[4], id: "ev-1", tag: 1, at: .now)
    let second = Messaging.Delivery(
      tag: 2, body: first.body, routingKey: first.routingKey, messageID: first.messageID,
      contentType: first.contentType, redelivered: true, headers: [:])
    #expect(try await Self.process([first], routes: routes, in: database) == [.applied])
    let before = try database.sql(
      "select string_agg(notification_id::text, ',' order by 1) from notification_deliveries")
    #expect(try await Self.process([second], routes: routes, in: database) == [.duplicate])
    try database.sql("delete from inbox")
    #expect(try await Self.process([second], routes: routes, in: database) == [.applied])
    let after = try database.sql(
      "select string_agg(notification_id::text, ',' order by 1) from notification_deliveries")
    #expect(before == after && before.split(separator: ",").count == 2)
  }

  @Test("An event that nobody wants to hear about is settled without a delivery")
  func unrouted() async throws {
    let database = try await NotificationDatabase()
    let delivery = Sample.delivery(Sample.all[0], id: "ev-1", tag: 1, at: .now)
    #expect(try await Self.process([delivery], routes: NotificationRoutes(), in: database) == [.unchanged])
    #expect(try database.sql("select count(*) from notification_deliveries") == "0")
  }

  @Test("The manifest names what is consumed and published")
  func manifest() {
    let manifest = NotificationHandler(routes: NotificationRoutes()).manifest
    #expect(manifest.queue == "notification" && manifest.consumes == NotificationRoutes.notified)
    #expect(Set(manifest.publishes) == [.notificationSent, .notificationFailed])
  }
}
