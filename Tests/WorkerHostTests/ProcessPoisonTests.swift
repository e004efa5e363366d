import AMQP
import Foundation
import TestServers
import Testing
import WorkerHost

extension ProcessTests {
  /// Keeps a worker running, as an orchestrator does, until something is so.
  ///
  /// - Returns: How often it died.
  private static func supervise(
    _ start: () throws -> ProcessChild, until isSo: () async throws -> Bool
  ) async throws -> (deaths: Int, last: ProcessChild) {
    var deaths = 0
    var child = try start()
    try await eventually("the work is done", or: { "\(deaths) deaths; " + child.output.suffix(2000) }) {
      if child.hasEnded {
        deaths += 1
        try #require(try await child.end() == -Int(SIGABRT))
        child = try start()
      }
      return try await isSo()
    }
    return (deaths, child)
  }

  @Test("a message that the database refuses is found by halving, counted in a metric; the rest is applied in order")
  func halving() async throws {
    let site = try await ProcessSite()
    let setup = try await site.startReady(.inventoryWorker, .outboxRelay)
    try await site.stock(skus: 1, each: 1_000)
    try await site.script("alter table orders add constraint no_poison check (order_id <> 'ord-poison')")
    let good = (1...200).map { Parcel.order("ord-\($0)", "SKU-1", 1, message: "order-\($0)") }
    try await site.publish(good[..<77] + [.order("ord-poison", "SKU-1", 1, message: "poison")] + good[77...])
    let worker = try site.start(.allocationWorker, ["TALLYMAN_LANES": "1"])
    try await site.until("the good ones are applied", "select count(*) from orders", is: 200)
    let record = try await site.rows("select message_id, kind, field from dead_letters")
    #expect(record == [["poison", "refused", "no_poison"]])
    let order = try await site.rows("select message_id from stock_ledger where bucket = 'reserved' order by seq")
    #expect(order.map { $0[0] } == (1...200).map { "order-\($0)" })
    let halvings = try await worker.get("/metrics").text.split(separator: "\n")
      .first { $0.hasPrefix("tallyman_batch_halvings_total{consumer=\"allocation\"}") }
      .flatMap { Double($0.split(separator: " ").last ?? "") }
    #expect((1...9).contains(halvings ?? 0), "\(halvings ?? -1) halvings")
    for child in setup + [worker] { child.signal(SIGTERM) }
    for child in setup + [worker] { #expect(try await child.end() == 0) }
  }

  @Test("a batch that is too much work for the time limits is tried with fewer messages")
  func tooMuchWork() async throws {
    let site = try await ProcessSite()
    let setup = try await site.startReady(.inventoryWorker, .outboxRelay)
    try await site.stock(skus: 5, each: 300)
    try await site.script(
      """
      create function work() returns trigger language plpgsql as $$
      begin if (select count(*) from added) > 5 then perform pg_sleep(60); end if; return null; end $$;
      create trigger work after insert on orders referencing new table as added
        for each statement execute function work()
      """)
    try await site.publish(Self.orders(1...40))
    let worker = try site.start(
      .allocationWorker,
      [
        "TALLYMAN_LANES": "1", "TALLYMAN_BATCH": "16", "TALLYMAN_STATEMENT_TIMEOUT_MS": "300",
        "TALLYMAN_LOCK_TIMEOUT_MS": "200",
      ])
    try await site.until("they are applied", "select count(*) from orders", is: 40)
    for child in setup + [worker] { child.signal(SIGTERM) }
    for child in setup + [worker] { #expect(try await child.end() == 0) }
  }

  @Test("a message that kills the worker is soon alone and a dead letter that says so; 2,000 around it are applied")
  func killer() async throws {
    let site = try await ProcessSite()
    let interposer = try Interposer.shared()
    let setup = try await site.startReady(.inventoryWorker, .outboxRelay)
    try await site.stock(skus: 5, each: 300)
    let killer = Parcel.order("ord-killer", "SKU-1", 1, message: "the-killer")
    try await site.publish(Self.orders(1...1_000) + [killer] + Self.orders(1_001...2_000))

    let environment = interposer.dying(ofMarker: "ord-killer").merging(
      ["TALLYMAN_BATCH": "100", "TALLYMAN_PREFETCH": "1000"]) { $1 }
    let (deaths, last) = try await Self.supervise({ try site.start(.allocationWorker, environment) }) {
      try await site.number("select (select count(*) from orders) * 10 + (select count(*) from dead_letters)") == 20_001
    }
    print("process: a message killed the worker \(deaths) times before it was a dead letter; 2,000 others are applied")
    // Among others, of 100, 25 and 6 at most, then three times alone. What a dying connection gives back may be dealt
    // to another one that is dying too, and then counts twice.
    #expect((4...6).contains(deaths))
    let record = try await site.rows(
      "select message_id, kind, field, rule, (convert_from(body, 'UTF8') like '%ord-killer%')::text from dead_letters")[
        0]
    #expect(record[0...2] == ["the-killer", "crashed", "message"])
    #expect(record[3] == "the worker died 3 times while it handled this message alone")
    #expect(record[4] == "true")
    try await eventually("its copy shows in the dead queue") { try await site.depth(of: "allocation.dead") == 1 }
    try await eventually("the queue is empty") { try await site.depth(of: "allocation") == 0 }
    try await site.until("nobody is a suspect any more", "select count(*) from suspects", is: 0)
    for broken in try await site.violations() { Issue.record("\(broken)") }
    for child in setup + [last] { child.signal(SIGTERM) }
    for child in setup + [last] { #expect(try await child.end() == 0) }
  }

  @Test("ten restarts under load, by SIGKILL, make no dead letter and no suspect")
  func tenRestarts() async throws {
    let site = try await ProcessSite()
    let setup = try await site.startReady(.inventoryWorker, .outboxRelay)
    try await site.stock(skus: 5, each: 300)
    try await site.publish(Self.orders(1...3_000))
    var highest = 0
    for restart in 1...10 {
      let before = try await site.number("select count(*) from orders")
      let worker = try site.start(.allocationWorker, ["TALLYMAN_BATCH": "20", "TALLYMAN_PREFETCH": "1000"])
      try await eventually("it works (restart \(restart))") {
        try await site.number("select count(*) from orders") > before
      }
      worker.signal(SIGKILL)
      #expect(try await worker.end() == -Int(SIGKILL))
      highest = restart
      let alone = try await site.number("select coalesce(max(alone), 0) from suspects")
      #expect(alone < 3, "restart \(restart): an innocent message is about to be condemned")
    }
    let left = try await site.number("select 3000 - count(*) from orders")
    print("process: \(highest) restarts by SIGKILL, \(left) of 3,000 orders were left for the eleventh")
    #expect(left > 0, "the work was done before the last restart")
    let last = try await site.startReady(.allocationWorker)
    try await Self.checkBooks(site, orders: 3_000, stock: 1_500)
    try await site.until("nobody is a suspect any more", "select count(*) from suspects", is: 0)
    for child in setup + last { child.signal(SIGTERM) }
    for child in setup + last { #expect(try await child.end() == 0) }
  }

  @Test("from one worker to eight and back to one under load: nothing is lost, nothing is doubled")
  func scaling() async throws {
    let site = try await ProcessSite()
    let setup = try await site.startReady(.inventoryWorker, .outboxRelay, .allocationWorker)
    try await site.stock(skus: 5, each: 300)
    let few = ["TALLYMAN_BATCH": "20", "TALLYMAN_PREFETCH": "60"]
    var count = 0
    func publish(_ more: Int) async throws {
      try await site.publish(Self.orders(count + 1...count + more))
      count += more
    }
    try await publish(500)
    let others = try (2...8).map { _ in try site.start(.allocationWorker, few) }
    for child in others {
      try await child.ready()
      try await publish(200)
    }
    for child in others {
      child.signal(SIGTERM)
      try await publish(200)
    }
    for child in others { #expect(try await child.end() == 0) }
    try await Self.checkBooks(site, orders: count, stock: 1_500)
    for broken in try await site.violations() { Issue.record("\(broken)") }
    for child in setup { child.signal(SIGTERM) }
    for child in setup { #expect(try await child.end() == 0) }
  }
}
