import Contracts
import Postgres
import TestServers
import Testing

@testable import Notifications

@Suite("Notifications that were given up and are sent again")
struct ResendTests {
  private static func id(_ number: Int) -> String { "00000000-0000-0000-0000-00000000000\(number)" }

  /// As the operator's role.
  private func desk<Success: Sendable>(
    _ database: NotificationDatabase, _ body: @escaping @Sendable (NotificationDesk) throws -> Success
  ) async throws -> Success {
    try await onLane {
      var options = ConnectionOptions(
        conninfo: database.server.conninfo(database: database.name, user: "tallyman_operator"))
      options.settings["search_path"] = "tallyman"
      let connection = try Connection(options)
      defer { connection.close() }
      return try body(NotificationDesk(connection))
    }
  }

  @Test("it arrives under its old id, with all attempts before it, and its history goes on")
  func arrives() async throws {
    let bench = try await SenderBench()
    try bench.add(1, to: "/status/410")
    _ = try await bench.run(["/status/410"])
    #expect(try bench.events() == ["notification.failed ev-1 corr-1 trace webhook 1 1"])
    // The receiver works again.
    let name = try bench.endpoint("/ok").name
    try bench.database.sql("update notification_deliveries set recipient = '\(name)'")
    let results = try await desk(bench.database) { try $0.resend([Self.id(1)], by: "ops", why: "it is back") }
    #expect(results.map(\.result) == [.resent])
    #expect(
      try bench.database.sql(
        "select state, attempts, round, resent_by, resent_why, resent_at is not null from notification_deliveries")
        == "waiting|0|2|ops|it is back|t")
    #expect(try await bench.run(["/ok"]) == [.sent])
    #expect(Set(try bench.requests().map(\.id)).count == 1)
    #expect(try bench.events().last == "notification.sent ev-1 corr-1 trace webhook 1 2")
    let again = try await desk(bench.database) { try $0.resend([Self.id(1)], by: "ops", why: "it is back") }
    #expect(again.map(\.result) == [.unchanged(.sent)])
    #expect(try await bench.run(["/ok"]) == [])
  }

  @Test("what waits, was erased or does not exist stays as it is, and is said to")
  func others() async throws {
    let database = try await NotificationDatabase()
    for number in 1...3 { try database.add(number, channel: "email", recipient: "ops@example.com") }
    try database.sql(
      """
      update notification_deliveries set state = 'failed', settled_at = now() where event_id in ('ev-2', 'ev-3');
      update notification_deliveries set body = '', recipient = 'erased' where event_id = 'ev-3'
      """)
    let results = try await desk(database) {
      try $0.resend((1...4).map(Self.id), by: "ops", why: "again").map(\.result)
    }
    #expect(results == [.unchanged(.waiting), .resent, .erased, .unknown])
    #expect(try database.sql("select count(*) from notification_deliveries where round = 2") == "1")
  }

  @Test("all that were given up are those that the filters mean, each once")
  func all() async throws {
    let database = try await NotificationDatabase()
    try database.sql(
      """
      insert into notification_deliveries (notification_id, event_id, event_source, event_type, channel, recipient,
        subject, body, state, settled_at, created_at)
      select gen_random_uuid(), 'e-' || n, 'urn:example', case when n % 2 = 0 then 'stock.out' else 'stock.low' end,
        'email', 'ops@example.com', 's', 'b', 'failed', now(), now() - n * interval '1 minute'
      from generate_series(1, 300) as n
      """)
    let (portions, listed) = try await desk(database) { desk in
      var filter = NotificationDesk.Filter()
      filter.type = .stockOut
      filter.since = .now - .seconds(250 * 60 + 30)
      filter.state = .failed
      let listed = try desk.list(filter, limit: 100)
      var portions: [Int] = []
      try desk.resendAll(filter, by: "ops", why: "again") { portions.append($0.count) }
      return (portions, listed)
    }
    #expect(portions == [100, 25])
    #expect(listed.entries.count == 100 && listed.hasMore && listed.entries.first?.eventID == "e-2")
    #expect(
      try database.sql("select event_type, count(*) from notification_deliveries where round = 2 group by 1")
        == "stock.out|125")
  }
}
