import Contracts
import Postgres
import Testing

@testable import Stock

/// A SKU with one location and the orders that it is promised to, without a database.
private struct Shelf {
  let stock = WorkingSet()
  let item: StockItem
  let balance: Balance
  let cause = Cause(
    consumer: "test", source: "urn:test", messageID: "m-1", reference: "cnt-1",
    occurredAt: Timestamp(microseconds: 0), traceparent: nil)

  init(onHand: Int64) {
    item = StockItem(.init(tid: TID(block: 0, offset: 1), sku: SKU(trusted: "A")))
    balance = Balance(
      .init(
        id: 1, tid: TID(block: 0, offset: 1), sku: SKU(trusted: "A"), location: LocationID(trusted: "WH-1"),
        onHand: onHand), of: item)
    item.balances = [balance]
    stock.add(item)
    stock.begin(at: Timestamp(microseconds: 1_000))
  }

  /// An order whose lines are all promised here.
  @discardableResult
  func order(
    _ id: String, _ quantities: [Int64], priority: Int32 = 0, needBy: Int64? = nil, at: Int64 = 0, waits: Bool = true
  ) -> Order {
    let lines = quantities.enumerated().map { index, quantity in
      OrderLine(number: Int32(index + 1), sku: item.sku, ordered: quantity, isNew: false)
    }
    let order = Order(
      id: OrderID(trusted: id), customer: CustomerID(trusted: "cust-1"), allowsBackorder: waits, priority: priority,
      needBy: needBy.map(Timestamp.init(microseconds:)), orderedAt: Timestamp(microseconds: at), lines: lines,
      state: .reserved, closedReason: nil, sequence: 1, isNew: false)
    stock.add(order)
    for line in lines {
      stock.reserve(line.ordered, for: line, at: balance, policy: "p", candidates: "", cause)
    }
    return order
  }

  func bump(_ quantity: Int64) -> [OrderNews] { stock.bump(quantity, from: balance, because: "counted", cause) }
}

@Suite("Bumping promises")
struct BumpTests {
  @Test("the order that would be served last loses first: by priority, need, age, id and line")
  func rank() {
    let shelf = Shelf(onHand: 100)
    for (id, priority, needBy, at) in [
      ("urgent", 5, nil, 9), ("soon", 0, 10, 9), ("later", 0, 20, 1), ("old", 0, nil, 1), ("new", 0, nil, 2),
      ("new-b", 0, nil, 2), ("unimportant", -1, 1, 0),
    ] as [(String, Int32, Int64?, Int64)] {
      shelf.order(id, [1, 1], priority: priority, needBy: needBy, at: at)
    }
    var losers: [String] = []
    for news in shelf.bump(14) {
      if case .reservationBumped(let bumped) = news.event { losers.append("\(bumped.orderID)/\(bumped.line)") }
    }
    let ranked = ["unimportant", "new-b", "new", "old", "later", "soon", "urgent"]
    #expect(losers == ranked.flatMap { ["\($0)/2", "\($0)/1"] })
  }

  @Test("only as many units as needed; a part of a reservation stays")
  func part() {
    let shelf = Shelf(onHand: 10)
    let order = shelf.order("o-1", [6])
    let news = shelf.bump(2)
    #expect(news.map(\.event.type) == [.reservationBumped, .backorderCreated])
    let line = order.lines[0]
    #expect((line.reserved, line.backordered, line.cancelled) == (4, 2, 0))
    #expect((line.reservations[0].open, line.reservations[0].released) == (4, 2))
    #expect(line.reservations[0].state == .active)
    #expect(order.state == .partiallyReserved)
    #expect((shelf.balance.reserved, shelf.item.owed) == (4, 2))
  }

  @Test("a line that waits already waits for more, without another backorder.created")
  func again() {
    let shelf = Shelf(onHand: 10)
    let order = shelf.order("o-1", [6])
    _ = shelf.bump(2)
    #expect(shelf.bump(4).map(\.event.type) == [.reservationBumped])
    #expect(order.lines[0].reservations[0].state == .bumped)
    #expect(order.state == .backordered)
    #expect(order.lines[0].backorder?.open == 6)
    #expect(shelf.item.owed == 6)
  }

  @Test("what must not wait is cancelled, and an order of which nothing is open is closed")
  func deny() {
    let shelf = Shelf(onHand: 10)
    let order = shelf.order("o-1", [3, 2], waits: false)
    let first = shelf.bump(2)
    #expect(first.map(\.event.type) == [.reservationBumped])
    if case .reservationBumped(let bumped) = first[0].event {
      #expect((bumped.line, bumped.quantity, bumped.backordered, bumped.cancelled) == (2, 2, 0, 2))
      #expect((bumped.reason, bumped.reference) == ("counted", "cnt-1"))
    }
    #expect(order.state == .partiallyReserved)
    #expect(shelf.bump(3).map(\.event.type) == [.reservationBumped, .orderClosedCancelled])
    #expect(order.state == .cancelled)
    #expect(order.closedReason != nil)
    #expect(shelf.item.owed == 0)
  }

  @Test("an order of which nothing is open but some is on the road is not closed: it may come back")
  func onTheRoad() {
    let shelf = Shelf(onHand: 10)
    let order = shelf.order("o-1", [3, 2], waits: false)
    shelf.stock.ship(3, of: order.lines[0], from: shelf.balance.location, shelf.cause)
    #expect(shelf.bump(2).map(\.event.type) == [.reservationBumped])
    #expect(order.state == .shipped && !order.isClosed)
  }

  @Test("what has arrived does not keep it open")
  func arrived() {
    let shelf = Shelf(onHand: 10)
    let order = shelf.order("o-1", [3, 2], waits: false)
    shelf.stock.ship(3, of: order.lines[0], from: shelf.balance.location, shelf.cause)
    shelf.stock.deliver(3, of: order)
    #expect(shelf.bump(2).map(\.event.type) == [.reservationBumped, .orderClosedCancelled, .orderFulfilled])
    #expect(order.isClosed)
  }

  @Test("each bump is a ledger entry of its own")
  func ledger() {
    let shelf = Shelf(onHand: 10)
    shelf.order("o-1", [1])
    shelf.order("o-2", [1])
    _ = shelf.bump(2)
    let entries = shelf.stock.ledger.suffix(2)
    #expect(entries.map(\.reason) == [.bump, .bump])
    #expect(entries.map(\.delta) == [-1, -1])
    #expect(entries.map(\.balanceAfter) == [1, 0])
    #expect(entries.allSatisfy { $0.bucket == .reserved && $0.cause.reference == "cnt-1" })
  }

  @Test("a reservation elsewhere, of another lot or another SKU is left alone")
  func elsewhere() {
    let shelf = Shelf(onHand: 10)
    shelf.order("o-1", [1])
    for (sku, location, lot) in [("A", "WH-2", ""), ("A", "WH-1", "L"), ("B", "WH-1", "")] {
      let other = Balance(
        .init(
          id: 2, tid: TID(block: 0, offset: 2), sku: SKU(trusted: sku), location: LocationID(trusted: location),
          lot: lot, onHand: 5), of: nil)
      let news = shelf.stock.bump(1, from: other, because: "counted", shelf.cause)
      #expect(news.isEmpty, "\(sku) at \(location) \(lot)")
    }
    #expect(shelf.balance.reserved == 1)
    #expect(!shelf.bump(1).isEmpty)
  }
}
