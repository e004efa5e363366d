import Contracts
import Delivery
import Lanes
import Postgres
import TestServers
import Testing

@testable import Notifications

/// Delivers, and then does something before the sender can settle.
private struct Interrupted: DeliveryTransport {
  let transport: any DeliveryTransport
  let interrupt: () -> Void

  var longestAttempt: Duration { transport.longestAttempt }
  func deliver(_ delivery: LeasedDelivery) -> DeliveryResult {
    let result = transport.deliver(delivery)
    interrupt()
    return result
  }
}

@Suite("Senders that stall, die and race")
struct SenderRaceTests {
  @Test("While a receiver stalls, the sender holds no lock and no transaction")
  func nothingHeld() async throws {
    let bench = try await SenderBench()
    try bench.add(1, to: "/stall")
    async let outcomes = bench.run(["/stall"], name: "stalling")
    try await eventually("a request has come") { try bench.requests().count == 1 }
    let backend =
      "select pid from pg_stat_activity where datname = current_database() and application_name = 'stalling'"
    let activity = try bench.database.sql(
      """
      select state, xact_start is null, backend_xid is null, backend_xmin is null from pg_stat_activity
      where pid = (\(backend))
      """
    )
    #expect(activity == "idle|t|t|t")
    #expect(try bench.database.sql("select count(*) from pg_locks where pid = (\(backend))") == "0")
    #expect(try bench.database.sql("select 1 from notification_deliveries for update nowait") == "1")
    bench.http.release()
    #expect(try await outcomes == [.sent])
  }

  @Test("Two senders never send the same row within a lease")
  func twoSenders() async throws {
    let bench = try await SenderBench()
    try bench.add(1, to: "/stall")
    async let first = bench.run(["/stall"])
    try await eventually("a request has come") { try bench.requests().count == 1 }
    #expect(try await bench.run(["/stall"]) == [])
    bench.http.release()
    #expect(try await first == [.sent])
    #expect(try bench.requests().count == 1)
  }

  @Test("Four senders at once share sixty rows: each is sent once, and its event is written once")
  func manySenders() async throws {
    let bench = try await SenderBench()
    try bench.database.sql(
      """
      insert into notification_deliveries (notification_id, event_id, event_source, event_type, channel, recipient,
        subject, body)
      select gen_random_uuid(), n::text, 'urn:example', 'stock.low', 'webhook', '\(try bench.endpoint("/ok").name)',
        's', '{}'
      from generate_series(1, 60) n
      """)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask { while try await bench.run(["/ok"], limit: 5).isEmpty == false {} }
      }
      try await group.waitForAll()
    }
    #expect(try bench.requests().count == 60 && Set(bench.requests().map(\.id)).count == 60)
    #expect(try bench.events().count == 60)
    #expect(try bench.database.sql("select distinct state from notification_deliveries") == "sent")
  }

  @Test("A sender that dies between send and settle: sent again after its lease, under the same id, one event")
  func crash() async throws {
    let bench = try await SenderBench()
    try bench.add(1, to: "/ok")
    await #expect(throws: PostgresError.self) {
      try await bench.run(["/ok"], name: "dying") { transport in
        Interrupted(transport: transport) {
          _ = try? bench.database.sql(
            """
            select pg_terminate_backend(pid, 5000) from pg_stat_activity
            where application_name = 'dying' and datname = current_database()
            """
          )
        }
      }
    }
    #expect(try bench.requests().count == 1)
    #expect(try bench.events().isEmpty)
    // Until the lease ends nobody touches it.
    #expect(try await bench.run(["/ok"]) == [])
    try bench.database.passTime()
    #expect(try await bench.run(["/ok"]) == [.sent])
    let requests = try bench.requests()
    #expect(requests.count == 2 && requests[0].id == requests[1].id && requests[0].body == requests[1].body)
    #expect(try bench.events() == ["notification.sent ev-1 corr-1 trace webhook 2 1"])
  }

  @Test("A sender whose lease was taken over writes nothing")
  func leaseLost() async throws {
    let bench = try await SenderBench()
    for (id, path) in ["/ok", "/status/500", "/status/410"].enumerated() { try bench.add(id, to: path) }
    let outcomes = try await bench.run(["/ok", "/status/500", "/status/410"]) { transport in
      Interrupted(transport: transport) {
        _ = try? bench.database.sql(
          "update notification_deliveries set lease_token = gen_random_uuid() where attempts = 1")
      }
    }
    #expect(outcomes == [.leaseLost, .leaseLost, .leaseLost])
    #expect(try bench.events().isEmpty)
    #expect(try bench.database.sql("select distinct state from notification_deliveries") == "waiting")
  }

  @Test("A delivery whose sender died in every attempt fails without being sent again")
  func poison() async throws {
    let bench = try await SenderBench()
    try bench.add(1, to: "/ok")
    try bench.database.sql("update notification_deliveries set attempts = 3")
    guard case .failed(let reason)? = try await bench.run(["/ok"], attempts: 3).first else {
      throw SenderTests.Missing()
    }
    #expect(reason.hasPrefix("no result after 3 attempts"))
    #expect(try bench.requests().isEmpty)
    #expect(try bench.events() == ["notification.failed ev-1 corr-1 trace webhook 4 1"])
  }
}
