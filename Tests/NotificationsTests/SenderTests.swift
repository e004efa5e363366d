import Contracts
import Delivery
import FoundationEssentials
import Lanes
import Postgres
import Synchronization
import TestServers
import Testing

@testable import Notifications

/// Receivers, a database and the sender between them.
struct SenderBench: Sendable {
  let database: NotificationDatabase
  let http: PythonServer
  let smtp: PythonServer

  init() async throws {
    database = try await NotificationDatabase()
    http = try PythonServer("http_server.py", ["--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    smtp = try PythonServer("smtp_server.py")
  }

  func endpoint(_ path: String) throws -> WebhookEndpoint {
    try RulesTests.endpoint("http://127.0.0.1:\(http.port)\(path)")
  }

  /// Adds a webhook delivery to a path of the HTTP server.
  func add(_ id: Int, to path: String) throws {
    try database.add(id, channel: "webhook", recipient: try endpoint(path).name, body: #"{"id":"ev-\#(id)"}"#)
  }

  func transport(_ paths: [String]) throws -> ConfiguredTransport {
    var routes = NotificationRoutes()
    for path in paths { routes.add(try endpoint(path)) }
    let server = MailServer(url: "smtp://127.0.0.1:\(smtp.port)", encryption: .none, timeout: patience)
    return try ConfiguredTransport(
      server: server, from: try EmailAddress("stock@example.com"), webhooks: WebhookOptions(timeout: patience),
      routes: routes)
  }

  /// One run with a connection of its own: so many turns, or as many as it takes until something is so.
  func run(
    _ paths: [String] = [], attempts: Int32 = 3, limit: Int = 10, name: String = "sender",
    wrapping wrap: @escaping @Sendable (any DeliveryTransport) -> any DeliveryTransport = { $0 },
    turns: Int = 1, initial: Duration = .seconds(600), isStopping: @escaping @Sendable () -> Bool = { false },
    until isDone: (@Sendable ([DeliverySender.Outcome]) -> Bool)? = nil
  ) async throws -> [DeliverySender.Outcome] {
    try await onLane {
      let connection = try Connection(database.options(applicationName: name))
      defer { connection.close() }
      var outcomes: [DeliverySender.Outcome] = []
      let schedule = RetrySchedule(attempts: attempts, initial: initial)
      let sender = try DeliverySender(transport: wrap(try transport(paths)), schedule: schedule, lease: .seconds(600)) {
        outcomes.append($1)
      }
      var count = 0
      var turn = 0
      let deadline = ContinuousClock.now + patience
      repeat {
        count += try sender.runOnce(limit: limit, on: connection, isStopping: isStopping)
        turn += 1
      } while isDone.map { !$0(outcomes) && ContinuousClock.now < deadline } ?? (turn < turns)
      #expect(count == outcomes.count)
      return outcomes
    }
  }

  func requests() throws -> [WebhookRequest] { try http.records() }

  /// The events in the outbox, oldest first, each as its JSON fields that matter here.
  func events() throws -> [String] {
    try database.sql(
      """
      select concat_ws(' ', routing_key, e->>'causationid', e->>'correlationid', e->>'traceparent',
        e->'data'->>'channel', e->'data'->>'attempts', e->>'sequence')
      from (select id, routing_key, convert_from(body, 'UTF8')::json as e from outbox) o order by id
      """
    ).split(separator: "\n").map(String.init)
  }
}

struct WebhookRequest: Decodable {
  let path, body: String
  let headers: [String: String]
  let valid: [Bool]
  var id: String { headers["webhook-id"] ?? "" }
}

struct Mail: Decodable {
  let to, subject, messageID, text: String
}

@Suite("Deliveries are sent and settled")
struct SenderTests {
  @Test("A mail and a webhook arrive, are settled as sent, and notification.sent is in the outbox")
  func sent() async throws {
    let bench = try await SenderBench()
    try bench.add(1, to: "/ok")
    try bench.database.add(2, channel: "email", recipient: "ops@example.com", body: "Grüße")
    #expect(try await bench.run(["/ok"]) == [.sent, .sent])
    let request = try #require(try bench.requests().first)
    #expect(request.valid == [true] && request.id.hasSuffix("000000000001"))
    let mail = try #require(try bench.smtp.records(Mail.self).first)
    #expect(
      mail.subject == "Subject 2" && mail.text == "Grüße\n" && mail.messageID.hasSuffix("000000000002@example.com>"))
    #expect(
      try bench.events() == [
        "notification.sent ev-1 corr-1 trace webhook 1 1", "notification.sent ev-2 corr-2 trace email 1 1",
      ])
    #expect(
      try bench.database.sql(
        """
        select distinct concat_ws(' ', state, attempts, lease_token is null, settled_at is not null)
        from notification_deliveries
        """
      ) == "sent 1 t t")
    #expect(try await bench.run(["/ok"]) == [])
  }

  @Test("A delivery fails after the last attempt, each under the same id, and says why")
  func exhausted() async throws {
    let bench = try await SenderBench()
    try bench.add(1, to: "/status/503")
    for attempt in 1...3 {
      let outcomes = try await bench.run(["/status/503"])
      guard case .some(let outcome) = outcomes.first else { throw Missing() }
      switch (attempt, outcome) {
      case (1...2, .postponed(let reason, let wait)): #expect(reason.contains("HTTP 503") && wait >= .seconds(480))
      case (3, .failed(let reason)): #expect(reason.contains("HTTP 503"))
      default: Issue.record("attempt \(attempt): \(outcome)")
      }
      // Not due before its time.
      #expect(try await bench.run(["/status/503"]) == [])
      try bench.database.passTime()
    }
    #expect(try bench.events() == ["notification.failed ev-1 corr-1 trace webhook 3 1"])
    #expect(try bench.requests().count == 3 && Set(bench.requests().map(\.id)).count == 1)
    #expect(
      try bench.database.sql("select state, last_error like '%HTTP 503%' from notification_deliveries") == "failed|t")
  }

  struct Missing: Error {}

  @Test("A permanent refusal is not tried again")
  func permanent() async throws {
    let bench = try await SenderBench()
    try bench.add(1, to: "/status/410")
    try bench.database.add(2, channel: "email", recipient: "refuse550@example.com")
    let outcomes = try await bench.run(["/status/410"])
    for outcome in outcomes {
      guard case .failed = outcome else { Issue.record("\(outcome)"); continue }
    }
    #expect(outcomes.count == 2)
    #expect(try bench.events().map { $0.prefix(24) } == ["notification.failed ev-1", "notification.failed ev-2"])
  }

  @Test("After a failure the next attempt delivers, under the same id")
  func recovers() async throws {
    let bench = try await SenderBench()
    try bench.add(1, to: "/once/500")
    _ = try await bench.run(["/once/500"])
    try bench.database.passTime()
    #expect(try await bench.run(["/once/500"]) == [.sent])
    #expect(try Set(bench.requests().map(\.id)).count == 1)
    #expect(try bench.events() == ["notification.sent ev-1 corr-1 trace webhook 2 1"])
  }

  @Test("Retry-After is honoured")
  func retryAfter() async throws {
    let bench = try await SenderBench()
    try bench.add(1, to: "/status/429/1500")
    _ = try await bench.run(["/status/429/1500"])
    let wait = try bench.database.sql(
      "select extract(epoch from next_attempt_at - now())::int from notification_deliveries")
    #expect((1440...1500).contains(Int(wait) ?? 0))
  }

  @Test("A receiver that is down costs one attempt a round, whatever waits for it, and holds up nobody else")
  func outage() async throws {
    let bench = try await SenderBench()
    for id in 1...4 { try bench.add(id, to: "/status/503") }
    try bench.add(5, to: "/ok")
    let outcomes = try await bench.run(["/status/503", "/ok"])
    #expect(outcomes.filter { $0 == .givenBack }.count == 3 && outcomes.last == .sent)
    #expect(try bench.requests().map(\.path) == ["/status/503", "/ok"])
    let attempts = try bench.database.sql("select attempts from notification_deliveries order by notification_id")
    #expect(attempts == "1\n0\n0\n0\n1")
    #expect(try await bench.run(["/status/503", "/ok"]) == [])
  }

  @Test("However much waits for a receiver that does not answer, it is not in the way of others")
  func longOutage() async throws {
    let bench = try await SenderBench()
    for id in 1...25 { try bench.add(id, to: "/status/503") }
    try bench.add(26, to: "/ok")
    let outcomes = try await bench.run(["/status/503", "/ok"], turns: 2)
    #expect(outcomes.count == 11 && outcomes.last == .sent)
    #expect(try bench.requests().map(\.path) == ["/status/503", "/ok"])
    #expect(try bench.database.sql("select sum(attempts) from notification_deliveries") == "2")
  }

  @Test("A delivery that fails again and again keeps others from its receiver for a moment only")
  func onePoison() async throws {
    let bench = try await SenderBench()
    for id in 1...4 { try bench.add(id, to: "/status/503") }
    _ = try bench.database.sql("update notification_deliveries set attempts = 8 where notification_id::text like '%1'")
    // The first one's own wait would be minutes by now; the second one is tried when its receiver is tried again.
    let outcomes = try await bench.run(
      ["/status/503"], attempts: 12, initial: .milliseconds(1), until: { $0.count { $0 != .givenBack } >= 4 })
    #expect(outcomes.count { $0 != .givenBack } >= 4, "\(outcomes.count)")
    let attempts = try bench.database.sql(
      "select attempts from notification_deliveries order by notification_id limit 1")
    #expect(attempts == "9")
  }

  @Test("What a newer worker has written, of a type that this sender does not know, is left to a newer sender")
  func unknownType() async throws {
    let bench = try await SenderBench()
    for id in 1...2 { try bench.add(id, to: "/ok") }
    _ = try bench.database.sql(
      "update notification_deliveries set event_type = 'stock.unheard.of' where notification_id::text like '%1'")
    #expect(try await bench.run(["/ok"]) == [.sent])
    let rows = try bench.database.sql("select state, attempts from notification_deliveries order by notification_id")
    #expect(rows == "waiting|0\nsent|1")
  }

  @Test("An endpoint that is no longer configured is not forgotten at once")
  func unknownEndpoint() async throws {
    let bench = try await SenderBench()
    try bench.add(1, to: "/ok")
    guard case .postponed(let reason, _)? = try await bench.run([]).first else { throw Missing() }
    #expect(reason.contains("is configured"))
  }

  @Test("A sender that is stopping gives back what it has not begun, without using up an attempt")
  func stopping() async throws {
    let bench = try await SenderBench()
    for id in 1...2 { try bench.add(id, to: "/ok") }
    #expect(try await bench.run(["/ok"], isStopping: { true }) == [.givenBack, .givenBack])
    #expect(try bench.requests().isEmpty)
    #expect(try await bench.run(["/ok"]) == [.sent, .sent])
    #expect(try bench.database.sql("select distinct attempts from notification_deliveries") == "1")
  }

  @Test("A sender that ends during the first of its deliveries has used up the attempt of that one only")
  func endsDuringTheFirst() async throws {
    let bench = try await SenderBench()
    for id in 1...5 { try bench.add(id, to: "/ok") }
    try bench.database.sql("alter table outbox add constraint fails check (routing_key <> 'notification.sent')")
    await #expect(throws: PostgresError.self) { try await bench.run(["/ok"], attempts: 1) }
    #expect(
      try bench.database.sql("select attempts from notification_deliveries order by notification_id")
        == "1\n0\n0\n0\n0")
    try bench.database.sql("alter table outbox drop constraint fails")
    try bench.database.passTime()
    let outcomes = try await bench.run(["/ok"], attempts: 1)
    #expect(outcomes.count { $0 == .sent } == 4)
    #expect(try bench.events().count { $0.hasPrefix("notification.sent") } == 4)
    #expect(try bench.events().count { $0.hasPrefix("notification.failed ev-1") } == 1)
  }

  @Test("A lease that an attempt could outlast is refused")
  func shortLease() async throws {
    let bench = try await SenderBench()
    let transport = try bench.transport([])
    #expect(transport.longestAttempt == patience * 2)
    #expect(throws: DeliverySettingError.self) {
      try DeliverySender(transport: transport, lease: patience * 2)
    }
  }
}
