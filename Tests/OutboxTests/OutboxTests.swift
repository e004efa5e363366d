import Contracts
import PipelineKit
import Postgres
import TestServers
import Testing

@testable import Outbox

@Suite("The outbox")
struct OutboxTests {
  static func row(_ aggregate: String, _ id: String) -> OutboxRow {
    OutboxRow(
      aggregate: aggregate, exchange: "elsewhere", routingKey: "order.reserved", messageID: id,
      headers: #"{"a":1}"#, body: Array(id.utf8))
  }

  static func write(
    _ rows: [OutboxRow], on database: Connection, commit: Bool = true, waking wakeUp: RelayWakeUp? = nil
  ) throws {
    try database.begin()
    var writer = OutboxWriter()
    for row in rows { writer.append(row) }
    var writes = WriteSet(on: database)
    try writer.send(to: &writes, waking: wakeUp)
    try writes.finish()
    if commit { try database.commit() }
  }

  /// Takes until nothing is left, settling everything.
  static func drain(_ queue: OutboxQueue, limit: Int) throws -> [WaitingMessage] {
    var all: [WaitingMessage] = []
    while true {
      let rows = try queue.take(limit)
      guard !rows.isEmpty else {
        try queue.flush()
        return all
      }
      for row in rows { queue.settle(row) }
      all += rows
    }
  }

  @Test("rows come out whole, each aggregate's in the order in which they were written, and each once")
  func order() async throws {
    try await withHouse { house in
      let writer = try await house.desk()
      let relay = try await house.desk(user: "tallyman_relay")
      try await writer.with { database in
        for batch in 0..<10 {
          try OutboxTests.write((0..<100).map { OutboxTests.row("order/\($0 % 37)", "\(batch)-\($0)") }, on: database)
        }
      }
      let taken = try await relay.with { database in
        let queue = try OutboxQueue(database)
        #expect(try queue.balance() == 1)
        #expect(queue.shards.count == 16)
        #expect(try OutboxWatch(database).backlog().messages == 1000)
        let all = try OutboxTests.drain(queue, limit: 64)
        #expect(try OutboxWatch(database).backlog().messages == 0)
        return all
      }
      #expect(taken.count == 1000)
      #expect(Set(taken.map(\.messageID)).count == 1000)
      for (_, rows) in Dictionary(grouping: taken, by: \.aggregate) {
        #expect(rows.map(\.id) == rows.map(\.id).sorted())
      }
      #expect(taken.first?.headers == #"{"a":1}"#)
      #expect(taken.allSatisfy { String(decoding: $0.body, as: UTF8.self) == $0.messageID })
    }
  }

  @Test("an answer has about so many bytes, whatever the rows have, and the rest comes with the next ones")
  func bytes() async throws {
    try await withHouse { house in
      try await house.script(
        """
        insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, body)
        select n % 16, n, '', 'k', n::text, '', convert_to(repeat('x', 200000), 'UTF8') from generate_series(1, 64) n
        """)
      try await house.desk(user: "tallyman_relay").with { database in
        let queue = try OutboxQueue(database)
        _ = try queue.balance()
        var all: [Int64] = []
        for _ in 0..<100 where all.count < 64 {
          try queue.ask(queue.shards, perShard: 1000, bytes: 1_000_000)
          let (messages, isEnd) = try queue.receive()
          for message in messages { queue.settle(message) }
          all += messages.map(\.id)
          #expect(messages.count <= 5)
          #expect(!isEnd || all.count == 64)
        }
        #expect(all.count == 64 && all == all.sorted())
        #expect(try queue.take(1000).isEmpty)
      }
    }
  }

  @Test("the oldest message of all is seen behind more than can be counted")
  func oldest() async throws {
    try await withHouse { house in
      let insert = "insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, body"
      try await house.script("\(insert)) select 3, 3, '', 'k', n::text, '', '' from generate_series(1, 100001) n")
      try await house.script("\(insert), created_at) values (15, 1, '', 'k', 'm', '', '', now() - interval '1 day')")
      try await house.desk(user: "tallyman_relay").with { database in
        let (messages, oldest) = try OutboxWatch(database).backlog()
        #expect(messages == 100_000)
        #expect(oldest >= 86_400_000 && oldest < 90_000_000)
      }
    }
  }

  @Test("rows and events leave in the order in which they were added, events as JSON under their type")
  func mixed() async throws {
    @Sendable func events(_ numbers: ClosedRange<Int64>) -> [OutgoingEvent] {
      let line = OrderFulfilled.Line(line: 1, sku: SKU(trusted: "A"), ordered: 2, delivered: 2, cancelled: 0)
      return numbers.map { number in
        OutgoingEvent(
          id: "e-\(number)", source: "urn:test", time: Timestamp(microseconds: 0), aggregate: "order/1",
          sequence: number,
          event: .orderFulfilled(
            OrderFulfilled(orderID: OrderID(trusted: "1"), customerID: CustomerID(trusted: "c"), lines: [line])))
      }
    }
    try await withHouse { house in
      let taken = try await house.desk().with { database in
        var writer = OutboxWriter()
        writer.append(events(1...2))
        writer.append(OutboxTests.row("order/1", "row"))
        writer.append([])
        writer.append(events(3...3))
        #expect(writer.count == 4)
        try database.begin()
        var writes = WriteSet(on: database)
        try writer.send(to: &writes)
        try writes.commit()
        let queue = try OutboxQueue(database)
        _ = try queue.balance()
        return try queue.take(100)
      }
      #expect(taken.map(\.messageID) == ["e-1", "e-2", "row", "e-3"])
      #expect(taken.map(\.routingKey) == ["order.fulfilled", "order.fulfilled", "order.reserved", "order.fulfilled"])
      #expect(taken.last.map { Array($0.body) } == events(3...3)[0].encode())
    }
  }

  @Test("a row that was handed out is not handed out again before it is released")
  func release() async throws {
    try await withHouse { house in
      let writer = try await house.desk()
      let relay = try await house.desk(user: "tallyman_relay")
      try await writer.with { try OutboxTests.write((0..<3).map { OutboxTests.row("a", "\($0)") }, on: $0) }
      try await relay.with { database in
        let queue = try OutboxQueue(database)
        _ = try queue.balance()
        let rows = try queue.take(100)
        #expect(rows.map(\.messageID) == ["0", "1", "2"])
        queue.lookBack()
        #expect(try queue.take(100).isEmpty)
        queue.settle(rows[0])
        queue.release(rows[1])
        queue.lookBack()
        #expect(try queue.take(100).map(\.messageID) == ["1"])
        queue.release(rows[2])
        try queue.flush()
        queue.lookBack()
        #expect(try queue.take(100).map(\.messageID) == ["2"])
        #expect(try OutboxWatch(database).backlog().messages == 2)
      }
    }
  }

  @Test("a row whose transaction committed late, with a lower id, is not passed over")
  func lateCommit() async throws {
    try await withHouse { house in
      let slow = try await house.desk()
      let quick = try await house.desk()
      let relay = try await house.desk(user: "tallyman_relay")
      try await slow.with { try OutboxTests.write([OutboxTests.row("a", "slow")], on: $0, commit: false) }
      try await quick.with { try OutboxTests.write((0..<45).map { OutboxTests.row("a", "quick-\($0)") }, on: $0) }
      let queue = try await relay.with { database in
        let queue = Held(try OutboxQueue(database))
        _ = try queue.value.balance()
        let rows = try queue.value.take(16)
        #expect(rows.count == 8)
        for row in rows { queue.value.settle(row) }
        return queue
      }
      try await slow.with { try $0.commit() }
      let rest = try await relay.with { _ in try OutboxTests.drain(queue.value, limit: 16).map(\.messageID) }
      #expect(rest.count == 38)
      #expect(rest.contains("slow"))
    }
  }

  @Test("relays share the shards, and a relay that is gone leaves its own to the others")
  func shares() async throws {
    try await withHouse { house in
      let one = try await house.desk(user: "tallyman_relay")
      let two = try await house.desk(user: "tallyman_relay")
      let first = try await one.with { database in
        let queue = Held(try OutboxQueue(database))
        _ = try queue.value.balance()
        return queue
      }
      let second = try await two.with { Held(try OutboxQueue($0)) }
      #expect(try await one.with { _ in try first.value.balance() } == 2)
      #expect(try await two.with { _ in try second.value.balance() } == 2)
      let shards = try await one.with { _ in first.value.shards }
      let others = try await two.with { _ in second.value.shards }
      #expect(shards.count == 8)
      #expect(Set(shards).isDisjoint(with: others))
      #expect(Set(shards).union(others).count == 16)
      let owned = """
        from pg_locks where locktype = 'advisory' and classid = 7046029
          and database = (select oid from pg_database where datname = current_database())
        """
      try await house.script("select pg_terminate_backend(pid) \(owned) and objid = \(others[0])")
      try await house.until("the session has ended", "select count(*) = 8 \(owned)")
      #expect(try await one.with { _ in try first.value.balance() } == 1)
      #expect(try await one.with { _ in first.value.shards.count } == 16)
    }
  }

  @Test("a relay sees whose transaction keeps deleted rows, though it may not see what that session does")
  func oldestTransaction() async throws {
    try await withHouse { house in
      let reader = try await house.desk()
      let relay = try await house.desk(user: "tallyman_relay")
      let pid = try await reader.with { database in
        try database.begin()
        return try database.query(.once("select pg_backend_pid()::int8, count(*)::int8 from outbox")).int(0, 0)
      }
      try await reader.with { database in
        // An id of its own keeps the transaction in sight between statements, too.
        _ = try database.query(.once("select pg_current_xact_id()"))
      }
      // Autovacuum may have begun before it.
      try await eventually("the reader's transaction is the oldest") {
        try await relay.with { try OutboxWatch($0).oldestTransaction().oldest?.pid } == pid
      }
      let seen = try await relay.with { database in
        let watch = OutboxWatch(database)
        return (try watch.oldestTransaction().oldest, try watch.oldestTransaction().oldest)
      }
      let oldest = try #require(seen.0)
      #expect(oldest.pid == pid && !oldest.user.isEmpty && oldest.transaction.count > 1)
      #expect(seen.1 == oldest)
      try await reader.with { try $0.rollback() }
      let after = try await relay.with { try OutboxWatch($0).oldestTransaction().oldest }
      #expect(after?.pid != pid)
    }
  }

  @Test("a wake-up is sent for a small batch, and none for a large one")
  func notify() async throws {
    try await withHouse { house in
      let writer = try await house.desk()
      let listener = try await house.desk()
      try await listener.with { try $0.listen(OutboxStatements.channel) }
      try await writer.with { database in
        let rows = (0...RelayWakeUp.largestBatch).map { OutboxTests.row("a", "\($0)") }
        try OutboxTests.write(rows, on: database, waking: RelayWakeUp())
      }
      #expect(try await listener.with { try $0.waitForNotification(upTo: .milliseconds(50)) } == false)
      for wakeUp in [true, false] {
        try await writer.with { database in
          try OutboxTests.write([OutboxTests.row("a", "x")], on: database, waking: wakeUp ? RelayWakeUp() : nil)
        }
        #expect(try await listener.with { try $0.waitForNotification(upTo: .seconds(5)) })
      }
    }
  }

  @Test("a lane wakes the relays again only when they may have fallen asleep")
  func wakeUps() {
    let wakeUp = RelayWakeUp()
    let start = ContinuousClock.now
    #expect(wakeUp.isDue(for: 1, at: start))
    #expect(!wakeUp.isDue(for: 1, at: start + RelayWakeUp.interval - .nanoseconds(1)))
    #expect(!wakeUp.isDue(for: RelayWakeUp.largestBatch + 1, at: start + .seconds(1)))
    #expect(wakeUp.isDue(for: RelayWakeUp.largestBatch, at: start + RelayWakeUp.interval))
    // A relay that was woken is awake until after the lane's next wake-up.
    #expect(RelayWakeUp.relayAlertTime > RelayWakeUp.interval)
  }
}

/// Keeps a relay's queue between two visits to its lane.
struct Held: @unchecked Sendable {
  // `@unchecked Sendable`: used on the lane of its connection only.
  let value: OutboxQueue
  init(_ value: OutboxQueue) { self.value = value }
}
