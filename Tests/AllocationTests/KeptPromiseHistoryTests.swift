import Contracts
import Messaging
import PipelineKit
import Postgres
import TestServers
import Testing

@testable import Allocation

/// Everything that can happen to a promise, in batches in which orders are made and changed at once.
@Suite("histories of promises in lines")
struct KeptPromiseHistoryTests {
  /// Of what the ledger and the lines say, what the view does not show; empty if it shows all of it.
  static let contradictions = [
    // What was ever promised to an order at a balance, by the ledger.
    """
    select 'promised', b.sku, b.location_id, l.reference, l.promised, r.quantity
    from (select balance_id, reference, sum(delta) as promised from stock_ledger
          where bucket = 'reserved' and reason = 'RESERVE' group by 1, 2) as l
    join balances b using (balance_id)
    full join (select sku, location_id, lot, order_id, sum(quantity) as quantity from reservations group by 1, 2, 3, 4)
      as r on (r.sku, r.location_id, r.lot, r.order_id) = (b.sku, b.location_id, b.lot, l.reference)
    where l.promised is distinct from r.quantity and l.reference not like 's-%' and r.order_id is not null
    """,
    """
    select 'resolved', b.sku, b.location_id, l.*, r.* from (
      select balance_id, coalesce(-sum(delta) filter (where reason = 'SHIP'), 0) as consumed,
             coalesce(-sum(delta) filter (where reason in ('RELEASE', 'EXPIRE', 'BUMP')), 0) as released,
             coalesce(sum(delta) filter (where reason = 'RESERVE'), 0) as quantity
      from stock_ledger where bucket = 'reserved' group by 1) as l
    join balances b using (balance_id)
    left join (select sku, location_id, lot, sum(consumed) as consumed, sum(released) as released,
                      sum(quantity) as quantity from reservations group by 1, 2, 3) as r using (sku, location_id, lot)
    where (l.consumed, l.released, l.quantity) is distinct from (r.consumed, r.released, r.quantity)
      and (l.consumed, l.released, l.quantity) <> (0, 0, 0)
    """,
    """
    select 'both', order_id, line_no from order_lines join reservation_rows using (order_id, line_no)
    where order_lines.reserved_location is not null
    """,
    """
    select 'numbers', order_id, line_no from reservations group by 2, 3
    having min(reservation_no) <> 1 or max(reservation_no) <> count(*) or count(distinct reservation_no) <> count(*)
    """,
    """
    select 'half', order_id, line_no from order_lines
    where num_nulls(reserved_location, policy, candidates, reserved_since) not in (0, 4)
    """,
    """
    select 'bumps', order_id, line_no, reservation_no from bumps left join reservations r
      using (order_id, line_no, reservation_no, sku, location_id, lot)
    group by 2, 3, 4 having sum(bumps.quantity) > max(coalesce(r.released, 0))
    """,
    """
    select 'since', order_id, line_no from reservations r join orders o using (order_id)
    where r.created_at > o.updated_at or r.state <> case when open_quantity > 0 then 'active' else r.state end
      or (r.state = 'consumed' and consumed = 0) or quantity <> open_quantity + consumed + released
    """,
  ]

  /// All promises as a database has them that was migrated just now.
  static let asBefore = """
    with kept as (
      select l.*, l.reserved_location as place from order_lines l where reserved_location is not null),
    bare as (
      update order_lines l set reserved_location = null, policy = null, candidates = null, reserved_since = null
      from kept k where (k.order_id, k.line_no) = (l.order_id, l.line_no))
    insert into reservation_rows (order_id, line_no, reservation_no, sku, location_id, quantity, open_quantity, state,
      policy, candidates, created_at)
    select order_id, line_no, 1, sku, place, reserved, reserved, 'active', policy, candidates, reserved_since from kept
    """

  @Test("the view shows what ledger, lines and bumps say, after every batch", arguments: 101...104)
  func random(seed: UInt64) async throws {
    try await withHouse { house in
      var story = Story(seed: seed * 7919)
      let inventory = try await house.inventoryWorker()
      let allocation = try await house.allocationWorker()
      try await inventory.take(story.catalogue)
      try await house.settle(allocation, .allocation)
      var most = 0
      for _ in 0..<30 {
        story.open = try await house.rows(
          "select order_id, line_no, location_id, open_quantity, sku from reservations where open_quantity > 0")
        let letters = story.orders([1, 3, 12, 40].randomElement(using: &story.dice) ?? 3)
        _ = try await allocation.take(letters)
        try await check(house, "seed \(seed): \(letters.map(\.routingKey))")
        let goods = story.goods([1, 4, 9].randomElement(using: &story.dice) ?? 1)
        _ = try await inventory.take(goods)
        try await check(house, "seed \(seed), goods")
        if seed % 2 == 0, Int.random(in: 0..<10, using: &story.dice) == 0 { try await house.script(Self.asBefore) }
        if Bool.random(using: &story.dice) {
          try await house.settle(allocation, .allocation)
          try await check(house, "seed \(seed), settled")
        }
        let kept = try await house.value("select count(reserved_location) from order_lines")
        most = max(most, Int(kept) ?? 0)
      }
      #expect(most > 5)
    }
  }

  private func check(_ house: House, _ place: String) async throws {
    for query in Self.contradictions {
      let rows = try await house.rows(query)
      #expect(rows.isEmpty, "\(place): \(rows.prefix(4))")
    }
    do { try await house.checkInvariants() } catch { Issue.record("\(place): \(error)") }
  }

  /// What an older program does to an order that this one made must pause it, as what it does to the view does.
  @Test("an older program that ships or cancels a kept promise whole is paused, and buries no message")
  func older() async throws {
    try await withScene([("A", "WH-1", 5)]) { scene in
      try await scene.allocation.take(.order("o-1", [("A", 2)]))
      let error = await #expect(throws: PostgresError.self) {
        try await scene.house.script(
          """
          begin;
          update order_lines set reserved = 0, shipped = 2 where order_id = 'o-1';
          update reservations set open_quantity = 0, consumed = 2, state = 'consumed' where order_id = 'o-1';
          commit
          """)
      }
      #expect(error?.sqlState.code == "42809", "\(String(describing: error))")
      try? await scene.house.script("rollback")
    }
  }
}

private struct Story {
  var dice: SeededGenerator
  let skus = ["A", "B", "C"]
  let locations = ["WH-1", "WH-2"]
  var open: [String] = []
  private var made: [(id: String, lines: [(String, Int64)])] = []
  private var shipments: [String] = []
  private var number = 0
  private var revision: Int64 = 0

  init(seed: UInt64) { dice = SeededGenerator(seed: seed) }

  var catalogue: [Letter] {
    skus.map { .product($0) } + locations.map { .location($0) }
      + skus.flatMap { sku in
        locations.map { place in .receipt("r-\(sku)-\(place)", sku, place, place == "WH-1" ? 160 : 15) }
      }
  }

  mutating func orders(_ count: Int) -> [Letter] { (0..<count).map { _ in next() } }

  mutating func goods(_ count: Int) -> [Letter] {
    (0..<count).map { _ in
      number += 1
      let (sku, place) = (pick(skus), pick(locations))
      switch Int.random(in: 0..<8, using: &dice) {
      case 0, 1: return .receipt("g-\(number)", sku, place, Int64.random(in: 1...12, using: &dice))
      case 2: return .count("c-\(number)", sku, place, Int64.random(in: 20...150, using: &dice))
      case 3: return .difference("c-\(number)", sku, place, Int64.random(in: -6 ... -1, using: &dice))
      case 4: return .hold("h-\(number)", Int64.random(in: 1...4, using: &dice), sku, place)
      case 5: return .move("m-\(number)", sku, place, pick(locations), Int64.random(in: 1...4, using: &dice))
      case 6: return .lot("l-\(number)", sku, place, "lot", Int64.random(in: 1...4, using: &dice))
      default: return .adjustment("a-\(number)", .writeOff, Int64.random(in: 1...3, using: &dice), sku, place)
      }
    }
  }

  private mutating func next() -> Letter {
    number += 1
    switch Int.random(in: 0..<100, using: &dice) {
    case 0..<8: return .cancel(pick(made.suffix(30).map(\.id) + ["o-x\(number)"]))
    case 8..<18:
      return .cancel(recent().id, [(1, chance(50) ? nil : 1)], as: "k-\(number)")
    case 18..<32:
      revision += 1
      let order = recent()
      var lines = order.lines.enumerated().map { index, line in
        (Int32(index + 1), line.0, max(1, line.1 + Int64.random(in: -2...2, using: &dice)))
      }
      if chance(30) { lines.append((Int32(lines.count + 1), pick(skus), 2)) }
      if chance(20), lines.count > 1 { lines.removeFirst() }
      return .amend(order.id, revision, lines)
    case 32..<48:
      // Of what is promised, and of what this batch has made: from where it may be promised.
      var (order, line, place, quantity) = (recent().id, Int32(1), pick(locations), Int64(1))
      if chance(60), let some = open.randomElement(using: &dice) {
        let parts = some.split(separator: "|").map(String.init)
        (order, line, place, quantity) = (parts[0], Int32(parts[1]) ?? 1, parts[2], Int64(parts[3]) ?? 1)
        if chance(20) { place = pick(locations) }
        if chance(40) { quantity = Int64.random(in: 1...quantity, using: &dice) }
      }
      shipments.append("s-\(number)")
      return .shipment("s-\(number)", order, [(line, place, quantity)])
    case 48..<55:
      guard let shipment = shipments.suffix(20).randomElement(using: &dice) else { return order() }
      return .status(shipment, chance(60) ? .failed : .delivered)
    case 55..<60:
      return .planFailed("p-\(number)", recent().id, [(1, pick(locations), 1)], chance(50) ? .replan : .release)
    case 60..<64: return .confirm(recent().id)
    case 64..<68: return .holdDue(recent().id)
    case 68..<70: return .due(pick(skus))
    default: return order()
    }
  }

  private mutating func order() -> Letter {
    let id = "o-\(number)"
    let lines = (0..<Int.random(in: 1...3, using: &dice)).map { _ in
      (pick(skus), Int64.random(in: 1...5, using: &dice))
    }
    made.append((id, lines))
    return .order(
      id, lines, backorder: chance(25) ? .deny : .allow, priority: Int32.random(in: -1...1, using: &dice),
      policy: pick([.partial, .partial, .partial, .lineComplete, .shipComplete]),
      expiresAt: chance(20) ? Timestamp.now + .seconds(-60) : nil,
      from: chance(20) ? .fixedPriority : nil)
  }

  private mutating func recent() -> (id: String, lines: [(String, Int64)]) {
    made.suffix(20).randomElement(using: &dice) ?? ("o-none", [("A", 1)])
  }

  private mutating func pick<Value>(_ all: [Value]) -> Value { all[Int.random(in: all.indices, using: &dice)] }
  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &dice) < percent }
}
