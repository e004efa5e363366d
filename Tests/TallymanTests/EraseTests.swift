import Contracts
import Messaging
import PipelineKit
import Testing

@testable import tallyman

@Suite("Erasing a person's data")
struct EraseTests {
  /// Everything in which a name could still be found, as text.
  private static let everything = """
    select count(*) from (
      select encode(body, 'escape') || headers as t from inbox
      union all select encode(body, 'escape') || headers || value || rule || coalesce(resolved_why, '')
        from dead_letters
      union all select coalesce(edits::text, '') || coalesce(encode(sent_body, 'escape'), '') from dead_letter_actions
      union all select recipient || subject || encode(body, 'escape') from notification_deliveries
      union all select customer_id || coalesce(closed_reason, '') from orders
    ) as x where t like '%cust-secret%'
    """

  /// Orders, dead letters and notifications of one customer among others'.
  private func people(_ house: House) async throws -> (order: Letter, allocation: PipelineKit.Worker) {
    try await World.build(in: house)
    let allocation = try await house.allocationWorker()
    let order = Letter.order("o-secret", [("A", 1)], customer: "cust-secret")
    // The slash in it is written as JSON allows and few expect.
    let escaped = """
      {"specversion":"1.0","id":"esc-1","source":"urn:test","type":"order.created","time":"\(Timestamp.now.rfc3339)",\
      "data":{"order_id":"o\\/secret","customer_id":"cust\\u002dsecret","lines":[{"sku":"A","quantity":1}]}}
      """
    try await allocation.take([
      order, .cancel("o-secret", reason: "cust-secret moved"),
      Letter(raw: escaped, id: "esc-1", routingKey: "order.created"),
      Letter(raw: "not json: cust-secret", id: "bad-2", routingKey: "order.created"),
      .order("o-secret", [("A", 1)], customer: "cust-other"),
      .order("o-other", [("A", 1)], customer: "cust-secretary"),
    ])
    try await house.script(
      """
      insert into notification_deliveries (notification_id, event_id, event_source, event_type, channel, recipient,
        subject, body, correlation_id, state, attempts, settled_at)
      values ('00000000-0000-7000-8000-0000000000aa', 'e-9', 'urn:test', 'order.shipped', 'email', 'ops@example.com',
        'o-secret', 'Customer: cust-secret'::bytea, 'o-secret', 'sent', 1, now())
      """)
    _ = try await house.relay()
    return (order, allocation)
  }

  @Test("where an order goes is erased, and the distances that would give it away; the order is still the same one")
  func destination() async throws {
    try await withHouse { house in
      let berlin = Coordinates(lat: ExactNumber(trusted: "52.52"), lng: ExactNumber(trusted: "13.40"))
      try await house.inventoryWorker().take([
        .product("A"), .location("W1", at: berlin), .receipt("r-1", "A", "W1", 5),
      ])
      let allocation = try await house.allocationWorker()
      let order = {
        Letter.order(
          "o-secret", [("A", 9)], customer: "cust-secret", from: .nearest,
          to: Coordinates(lat: ExactNumber(trusted: "52.53"), lng: ExactNumber(trusted: "13.41")))
      }
      try await allocation.take(order())
      _ = try await house.relay()
      let kept = """
        select o.destination_lat, o.destination_lng, r.candidates, d.candidates
        from orders o join reservations r using (order_id) join decisions d using (order_id)
        """
      #expect(try await house.rows(kept) == ["52.53|13.41|W1=5@1302|W1=5@1302"])
      let done = try await house.erase("--customer", "cust-secret", "--why", "asked for it", "--by", "ann")
      #expect(done.run.code == 0, "\(done.run)")
      #expect(try await house.rows(kept) == ["W1=5|W1=5"])
      #expect(try await allocation.take(order()).outcome == .unchanged)
    }
  }

  @Test("a customer's data goes from messages, dead letters, notifications and orders; quantities stay")
  func customer() async throws {
    try await withHouse { house in
      let (order, allocation) = try await people(house)
      let quantities = "select sum(ordered), sum(reserved), sum(cancelled), count(*) from order_lines"
      let before = try await house.rows(quantities)
      let ledger = try await house.value("select count(*) from stock_ledger")

      let dry = try await house.erase("--customer", "cust-secret", "--dry-run")
      #expect(dry.run.code == 0, "\(dry.run)")
      #expect(try await house.value(EraseTests.everything) != "0", "nothing was changed")
      #expect(try await house.value("select count(*) from erasures") == "0")

      let done = try await house.erase("--customer", "cust-secret", "--why", "asked for it", "--by", "ann")
      #expect(done.run.code == 0, "\(done.run)")
      #expect(done.rows == dry.rows)
      #expect(done.rows["orders"] == 2 && done.rows["dead letters"] == 2 && done.rows["notifications"] == 1)
      #expect(done.rows["inbox messages"] == 4)
      // What is left of `cust-secret` is the beginning of another customer's name.
      #expect(
        try await house.value(
          EraseTests.everything.replacing("%cust-secret%'", with: "%cust-secret%' and t not like '%cust-secretary%'"))
          == "0")
      #expect(try await house.value("select customer_id from orders where order_id = 'o-other'") == "cust-secretary")
      #expect(try await house.rows(quantities) == before)
      #expect(try await house.value("select count(*) from stock_ledger") == ledger)
      let trail = try await house.rows(
        "select done_by, why, kind, subject_hash = sha256('cust-secret'::bytea) from erasures")
      #expect(trail == ["ann|asked for it|customer|true"])

      // What was erased can neither be replayed nor come back as a dead letter of its own repetition.
      #expect(
        try await house.value("select count(*) from dead_letters where state = 'open' and erased_at is not null") == "0"
      )
      #expect(try await allocation.take(order.again).outcome == .duplicate)
      #expect(try await allocation.take(.order("o-secret", [("A", 1)], customer: "cust-secret")).outcome == .unchanged)
    }
  }

  @Test("a short name erases what names it, and not what happens to have the same value")
  func shortNames() async throws {
    try await withHouse { house in
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take([
        .product("A"), .location("W1"), .receipt("rcv-1", "A", "W1", 9),
        .adjustment("adj-1", .damage, 7, "A", "W1", person: "7"), .adjustment("adj-1", .damage, 8, "A", "W1"),
        .receipt("7", "A", "nowhere", 7).attempt(3),
        Letter(raw: "17 x A for cust-7, ord.7, 7/8", id: "raw-17", routingKey: "goods.received"),
        Letter(raw: "customer=7.", id: "raw-7", routingKey: "goods.received"),
        Letter(
          raw: #"{"specversion":"1.0","order":{"customer_id":7}}"#, id: "misplaced", routingKey: "order.created"),
      ])
      try await allocation.take([
        .order("o-7", [("A", 1)], customer: "7"), .order("7", [("A", 1)], customer: "cust-77"),
        .order("o-7", [("A", 1)], customer: "17", id: "other"), .order("7", [("A", 1)], customer: "8"),
      ])
      _ = try await house.relay()
      try await house.script(
        """
        insert into notification_deliveries (notification_id, event_id, event_source, event_type, channel, recipient,
          subject, body, correlation_id, state, attempts, settled_at)
        select gen_random_uuid(), 'e-' || n, 'urn:test', type, channel, '7', n::text, body::bytea, order_id, state, 1,
          case state when 'sent' then now() end
        from (values
          (1, 'order.shipped', 'email', e'Order 7\n\n  Customer:   cust-77\n  Left: 7', '7', 'sent'),
          (2, 'order.shipped', 'email', e'Order 8\n\n  Customer:   7\n', '8', 'sent'),
          (3, 'stock.low', 'webhook', '{"data":{"available":7,"reference":"7"}}', '7', 'sent'),
          (4, 'order.shipped', 'webhook', '{"data":{"customer_id":"7"}}', '8', 'sent'),
          (5, 'stock.low', 'email', '17 are left', '17', 'waiting')
        ) as v (n, type, channel, body, order_id, state)
        """)
      let open = "select string_agg(message_id, ' ' order by message_id) from dead_letters where state = 'open'"
      let before = try await house.value(open)

      let dry = try await house.erase("--customer", "7", "--dry-run")
      #expect(try await house.value(open) == before)
      let done = try await house.erase("--customer", "7", "--why", "asked for it")
      #expect(done.run.code == 0, "\(done.run)")
      let numbers = "select string_agg(dead_letter_id::text, ' ' order by dead_letter_id) from dead_letters"
      let listed = dry.open.map { "\($0)" }.joined(separator: " ")
      #expect(try await house.value("\(numbers) where erased_at is not null") == listed)
      #expect(
        try await house.rows("select message_id from dead_letters where erased_at is not null order by 1")
          == ["misplaced", "other", "raw-7"])
      #expect(try await house.value("select count(*) from dead_letters where rule like 'must stay 7: adj%'") == "1")
      #expect(try await house.value("select person from adjustments") == "7")
      #expect(
        try await house.rows("select subject from notification_deliveries where subject <> 'erased' order by 1")
          == ["1", "3", "5"])
      #expect(
        try await house.rows("select order_id, customer_id from orders order by 1") == ["7|cust-77", "o-7|erased"])
    }
  }

  @Test("a person is erased from all that they wrote; repetitions of it are none the worse")
  func person() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let inventory = try await house.inventoryWorker()
      let name = "jane.secret"
      let time = Timestamp.now
      func letters() -> [Letter] {
        [
          .count("cnt-9", "Q", "W1", 9, at: time, person: name),
          .adjustment("adj-9", .damage, 1, "Q", "W1", person: name),
          Letter(
            .transferDispatched(
              TransferDispatched(
                transferID: TransferID(trusted: "trf-9"), fromLocationID: LocationID(trusted: "W1"),
                toLocationID: LocationID(trusted: "W2"), lines: [.init(line: 1, sku: SKU(trusted: "Q"), quantity: 1)],
                person: name))),
          Letter(
            .transferReceived(
              TransferReceived(
                arrivalID: ArrivalID(trusted: "arv-9"), transferID: TransferID(trusted: "trf-9"),
                lines: [.init(line: 1, quantity: 1)], person: name))),
        ]
      }
      #expect(try await inventory.take(letters()).count(.applied) == 4)
      let other = Letter.count("cnt-9", "Q", "W1", 9, at: time, person: "bob")
      #expect(try await inventory.take(other).outcome == .deadLettered)
      #expect(try await house.deadLetter(of: other.id).rule.contains(name))
      _ = try await house.relay()
      let people = "select string_agg(person, ' ' order by person) from ledger_papers where person like '%secret%'"
      #expect(try await house.value(people) != "")
      let done = try await house.erase("--person", name, "--why", "left")
      #expect(done.run.code == 0, "\(done.run)")
      for what in ["counts", "adjustments", "transfers", "arrivals of transfers"] {
        #expect(done.rows[what] == 1, "\(what)")
      }
      #expect(done.rows["inbox messages"] == 4 && done.rows["quality holds"] == 0)
      #expect(try await house.value(people) == "")
      let record = try await house.deadLetter(of: other.id)
      #expect(record.rule.hasPrefix("must stay erased: ") && record.state == "open" && record.value == "bob")
      #expect(try await house.value("select person from adjustments where adjustment_id = 'adj-9'") == "erased")
      #expect(try await house.value("select count(*) from counts where person = 'ann'") == "1", "nobody else")
      #expect(try await inventory.take(letters()).count(.unchanged) == 4)
    }
  }

  @Test("messages that name only a shipment speak of its order's customer as well")
  func shipment() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let allocation = try await house.allocationWorker()
      let inventory = try await house.inventoryWorker()
      try await inventory.take([.product("Z"), .receipt("rcv-z", "Z", "W1", 5)])
      let late = Letter(
        raw: """
          {"specversion":"1.0","id":"late-1","source":"urn:test","type":"shipment.status",\
          "time":"\(Timestamp.now.rfc3339)",\
          "data":{"shipment_id":"s-9","status":"LOST","reason":"the neighbour is away"}}
          """, id: "late-1", routingKey: "shipment.status")
      let taken = try await allocation.take([
        .order("o-9", [("Z", 1)], customer: "cust-9"), .shipment("s-9", "o-9", [(1, "W1", 1)]),
        .status("s-9", .delivered, reason: "left with the neighbour"), late,
      ])
      #expect(taken.outcomes == [.applied, .applied, .applied, .deadLettered])
      _ = try await house.relay()
      let kept = "select count(*) from (select body from inbox union all select body from dead_letters) as x "
      let neighbours = kept + "where encode(body, 'escape') like '%neighbour%'"
      #expect(try await house.value(neighbours) != "0")
      #expect(try await house.erase("--customer", "cust-9", "--why", "x").run.code == 0)
      #expect(try await house.value(neighbours) == "0")
      #expect(try await house.deadLetter(of: late.id).rule == "erased")
    }
  }

  @Test("what is still on its way is counted, and ends with 1")
  func onItsWay() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      _ = try await house.relay()
      let waiting = try await house.erase("--recipient", "https://example.com/hook", "--why", "x")
      #expect(waiting.run.code == 1, "\(waiting.run)")
      #expect(waiting.rows["left: waiting notifications"] == 1)
      let allocation = try await house.allocationWorker()
      try await allocation.take(.order("o-new", [("A", 1)], customer: "cust-new"))
      let unpublished = try await house.erase("--customer", "cust-new", "--why", "x")
      #expect(unpublished.run.code == 1)
      #expect((unpublished.rows["left: events not yet published"] ?? 0) > 0)
      _ = try await house.relay()
      #expect(try await house.erase("--customer", "cust-new", "--why", "x").run.code == 0)
      // Many lie together, and one may name the order and nothing else of the customer.
      try await allocation.take((0..<80).map { .order("o-many-\($0)", [("A", 1)], customer: "cust-many") })
      _ = try await house.relay()
      try await allocation.take((0..<80).map { .cancel("o-many-\($0)") })
      #expect(try await house.value("select max(messages) > 1 from outbox") == "true")
      let together = try await house.erase("--customer", "cust-many", "--why", "x")
      #expect((together.rows["left: events not yet published"] ?? 0) >= 80)
    }
  }

  @Test(
    "exactly one subject and a reason are needed",
    arguments: [
      ["--why", "x"], ["--customer", "a", "--order", "b", "--why", "x"], ["--customer", "", "--why", "x"],
      ["--customer", "a"],
    ])
  func usage(arguments: [String]) async throws {
    #expect(try await Program.run(["erase"] + arguments).code == 2)
  }

  @Test("workers may not erase")
  func role() async throws {
    try await withHouse { house in
      let desk = try await house.desk(user: "tallyman_allocation")
      let refusal = try await desk.refusal(of: "select * from erase_person('order', 'x', 'me', 'why')")
      #expect(refusal?.sqlState.code == "42501")
    }
  }
}
