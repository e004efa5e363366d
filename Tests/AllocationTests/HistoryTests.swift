import Contracts
import Messaging
import PipelineKit
import TestServers
import Testing

@Suite("Histories over several lanes")
struct HistoryTests {
  @Test("scarce stock is never oversold: every unit is promised once, however many lanes race")
  func scarce() async throws {
    try await withHouse { house in
      var dice = SeededGenerator(seed: 1)
      let crowd = try await Crowd(house, lanes: 4)
      try await crowd.inventory[0].take([
        .product("A"), .location("WH-1"), .location("WH-2"), .receipt("r-1", "A", "WH-1", 60),
        .receipt("r-2", "A", "WH-2", 40),
      ])
      let orders = (0..<400).map {
        Letter.order("o-\($0)", [("A", Int64.random(in: 1...3, using: &dice))], backorder: .deny)
      }
      _ = try await crowd.work(through: orders + orders.shuffled(using: &dice), batch: 20, dice: &dice)
      #expect(try await house.value("select sum(reserved) from balances") == "100")
      #expect(try await house.value("select count(*) from orders") == "400")
    }
  }

  @Test("a thousand batches by two lanes over hot SKUs in opposite order never deadlock")
  func noDeadlock() async throws {
    try await withHouse { house in
      var dice = SeededGenerator(seed: 2)
      let skus = ["A", "B", "C", "D"]
      let first = try await house.allocationWorker()
      let second = try await house.allocationWorker()
      let inventory = try await house.inventoryWorker()
      var setup = skus.map { Letter.product($0) } + [.location("WH-1"), .location("WH-2")]
      for sku in skus {
        setup += [.receipt("r-1-\(sku)", sku, "WH-1", 2000), .receipt("r-2-\(sku)", sku, "WH-2", 2000)]
      }
      try await inventory.take(setup)
      var batches: [[[Letter]]] = [[], []]
      for lane in 0..<2 {
        for number in 0..<520 {
          var letters: [Letter] = (0..<Int.random(in: 1...4, using: &dice)).map { index in
            let chosen = skus.shuffled(using: &dice).prefix(2)
            return .order("o-\(lane)-\(number)-\(index)", chosen.map { ($0, 1) })
          }
          if number > 4 {
            // Orders of the other lane, so that both open the same ones.
            letters.append(.cancel("o-\(1 - lane)-\(number - Int.random(in: 1...4, using: &dice))-0"))
            letters.append(.due(skus.randomElement(using: &dice) ?? "A"))
          }
          batches[lane].append(letters.shuffled(using: &dice))
        }
      }
      let before = try await house.value("select deadlocks from pg_stat_database where datname = current_database()")
      let (ours, theirs) = (batches[0], batches[1])
      async let one = first.take(batches: ours)
      async let other = second.take(batches: theirs)
      let repeated = try await one + other
      // A session reports its statistics when it has nothing to do, at the latest when it ends.
      try await first.connect()
      try await second.connect()
      #expect(
        try await house.value("select deadlocks from pg_stat_database where datname = current_database()") == before)
      #expect(repeated < 520, "cancellations that race their orders, not locks")
    }
  }

  @Test("random histories keep every promise", arguments: [11, 12, 13])
  func random(seed: UInt64) async throws {
    try await withHouse { house in
      var history = History(seed: seed)
      let crowd = try await Crowd(house, lanes: 2)
      try await crowd.inventory[0].take(history.catalogue)
      _ = try await house.relay()
      for _ in 0..<4 {
        let open = try await house.rows(
          """
          select order_id, line_no, location_id, open_quantity from reservations where open_quantity > 0
          order by order_id, line_no, reservation_no
          """)
        let letters = history.next(120, openReservations: open)
        let batch = [1, 7, 40].randomElement(using: &history.dice) ?? 7
        let outcomes = try await crowd.work(through: letters, batch: batch, dice: &history.dice)
        #expect(outcomes[.applied, default: 0] > 0)
        try await house.checkInvariants()
      }
      _ = try await crowd.work(through: history.stragglers(), batch: 7, dice: &history.dice)
      let sweeper = Scene(house, crowd)
      while try await sweeper.sweep() > 0 { try await sweeper.settle() }
      try await expectTotals(of: history, in: house)
    }
  }

  /// What does not depend on the order in which things happened.
  private func expectTotals(of history: History, in house: House) async throws {
    for sku in history.skus {
      let row = try await house.value(
        """
        select coalesce(sum(on_hand), 0) as there, coalesce(sum(reserved), 0) as promised, i.owed,
          (select coalesce(sum(shipped), 0) from order_lines where sku = '\(sku)') as gone
        from stock_items i left join balances using (sku) where sku = '\(sku)' group by i.owed
        """)
      let numbers = row.split(separator: "|").compactMap { Int64($0) }
      guard numbers.count == 4 else {
        Issue.record("\(sku): \(row)")
        continue
      }
      let (there, promised, owed, gone) = (numbers[0], numbers[1], numbers[2], numbers[3])
      #expect(there + gone == history.received[sku, default: 0], "what came is there or has left")
      let cancelled = try await house.value(
        "select coalesce(sum(cancelled), 0) from order_lines where sku = '\(sku)'")
      #expect(promised + owed + gone == history.ordered[sku, default: 0] - (Int64(cancelled) ?? 0))
      #expect(owed == 0 || promised == there, "nobody waits while stock lies free: \(row)")
    }
    #expect(
      try await house.value("select count(*) from orders where customer_id is not null") == "\(history.orders.count)")
    let answers = try await house.value(
      """
      select count(*) from inbox where outcome = 'applied' and consumer = 'allocation'
        and convert_from(body, 'UTF8') like '%"type":"order.created"%'
      """)
    #expect(answers == "\(history.orders.count)", "each order is answered once")
    #expect(try await house.value("select count(*) from moves") == "\(history.moves)")
  }

  @Test("a batch of many and as many batches of one end in the same state", arguments: [21, 22])
  func batchSizes(seed: UInt64) async throws {
    var ends: [[String]] = []
    for size in [1, 50, 500] {
      var history = History(seed: seed)
      let letters = history.catalogue + history.next(300, openReservations: [])
      try await withHouse { house in
        let inventory = try await house.inventoryWorker()
        let allocation = try await house.allocationWorker()
        let goods = letters.filter { !$0.routingKey.hasPrefix("order.") }
        let orders = letters.filter { $0.routingKey.hasPrefix("order.") }
        _ = try await inventory.take(batches: goods.chunks(of: size))
        _ = try await house.relay()
        _ = try await allocation.take(batches: orders.chunks(of: size))
        ends.append(
          try await house.rows("select sku, location_id, on_hand, reserved, seq from balances order by 1, 2")
            + house.rows("select sku, owed, alert_state from stock_items order by 1")
            + house.rows("select order_id, state, closed_reason, sequence from orders order by 1")
            + house.rows(
              """
              select order_id, line_no, sku, ordered, reserved, backordered, shipped, cancelled, placed, called_off,
                closed
              from order_lines order by 1, 2
              """)
            + house.rows("select order_id, line_no, location_id, quantity, state from reservations order by 1, 2, 3"))
      }
    }
    #expect(ends[0] == ends[1])
    #expect(ends[0] == ends[2])
  }
}

extension Worker {
  /// Takes batch after batch.
  ///
  /// - Returns: How many transactions were run again.
  func take(batches: [[Letter]]) async throws -> Int {
    var repeated = 0
    for batch in batches { repeated += try await take(batch).repeated }
    return repeated
  }
}

extension Array {
  func chunks(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}

extension Scene {
  init(_ house: House, _ crowd: Crowd) {
    self.house = house
    inventory = crowd.inventory[0]
    allocation = crowd.allocation[0]
  }
}
