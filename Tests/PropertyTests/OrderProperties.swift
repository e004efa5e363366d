import Contracts
import Messaging
import TestServers
import Testing

@testable import Stock

@LongComputation @Suite("Properties of random histories: the life of one order")
struct OrderProperties {
  private static let orderID = OrderID(trusted: "o-one")
  private static let created = OrderCreated(
    orderID: orderID, customerID: CustomerID(trusted: "cust-1"),
    lines: [
      .init(line: 1, sku: SKU(trusted: "A"), quantity: 3), .init(line: 2, sku: SKU(trusted: "B"), quantity: 1),
      .init(line: 3, sku: SKU(trusted: "A"), quantity: 2),
    ])

  // MARK: Cancelled

  private static let calm: Generator.Taste = {
    var taste = Generator.Taste().without(.policy)
    taste.isDisorderly = false
    taste.ends = .outside
    return taste
  }()

  /// Levels' states are left out: whether an episode has begun is remembered on purpose. So are policies: a safety
  /// stock that is lowered frees stock without an event, which the next event about the SKU hands out.
  @Test("an order that is taken back before anything else happens leaves all stock and all orders as if never placed")
  func cancelledAtOnce() {
    let make = { seed in Generator.history(seed: seed, Self.calm) }
    forAll(2000, seed: 200_000, make: make) { history throws(Broken) in
      var dice = SeededGenerator(seed: history.schedule.seed)
      let without = History(steps: history.steps)
      var steps = history.steps
      let place = Int.random(in: 0...steps.count, using: &dice)
      let undone = Self.undone(at: Int64(place), &dice)
      steps.insert(contentsOf: undone, at: place)
      let (one, two) = (try without.world().quantities, try History(steps: steps).world().quantities)
      let others = two.filter { !$0.contains("o-one") }
      try require(
        one == others, "a cancelled order leaves no trace in the stock", OrderingProperties.difference(one, others))
    }
  }

  /// The order, and what takes it back at once: its cancellation, that of its lines, or the end of its hold.
  private static func undone(at second: Int64, _ dice: inout SeededGenerator) -> [Step] {
    var order = created
    order.policy = FulfilmentPolicy.allCases.randomElement(using: &dice) ?? .partial
    var end: Event
    switch Int.random(in: 0..<3, using: &dice) {
    case 0: end = .orderCancelled(OrderCancelled(orderID: orderID))
    case 1: end = .orderCancelled(OrderCancelled(orderID: orderID, lines: order.lines.map { .init(line: $0.line) }))
    default:
      order.expiresAt = History.start
      end = .holdDue(HoldDue(orderID: orderID))
    }
    return [Step(id: "x-1", second: second, event: .orderCreated(order)), Step(id: "x-2", second: second, event: end)]
  }

  private static let onlyOrders: Generator.Taste = {
    var taste = calm
    taste.weights = [(.receipt, 25), (.cancellation, 15), (.order, 40)]
    taste.denies = false
    taste.ends = .never
    taste.policies = [.partial]
    return taste
  }()

  /// Other orders meanwhile found less and may be served from elsewhere; but what is promised and what waits is in sum
  /// the same, as far as nobody gave up because of it (`backorder: deny`) or
  /// is wanted wholly, so that a smaller order passed it by.
  @Test("an order that is cancelled at last leaves the sums of what is promised and what waits as if never placed")
  func cancelledAtLast() {
    let make = { seed in Generator.history(seed: seed, Self.onlyOrders) }
    forAll(2000, seed: 210_000, make: make) { history throws(Broken) in
      var dice = SeededGenerator(seed: history.schedule.seed)
      let without = History(steps: history.steps)
      var steps = history.steps
      let place = Int.random(in: 0...steps.count, using: &dice)
      steps.insert(Step(id: "x-1", second: Int64(place), event: .orderCreated(Self.created)), at: place)
      steps.append(Step(id: "x-2", second: 999, event: .orderCancelled(.init(orderID: Self.orderID))))
      let (one, two) = (try without.world().sums, try History(steps: steps).world().sums)
      try require(one == two, "a cancelled order leaves the sums", OrderingProperties.difference(one, two))
    }
  }

  // MARK: Every order of a small history

  private static func steps(_ events: [Event]) -> [Step] {
    events.enumerated().map { Step(id: "m-\($0.offset)", second: Int64($0.offset), event: $0.element) }
  }

  private static let supply: [Event] = [
    .productRegistered(ProductRegistered(sku: SKU(trusted: "A"), name: "Thing")),
    .locationRegistered(LocationRegistered(locationID: LocationID(trusted: "WH-1"), name: "House")),
    .goodsReceived(
      GoodsReceived(
        receiptID: ReceiptID(trusted: "r-1"), sku: SKU(trusted: "A"), locationID: LocationID(trusted: "WH-1"),
        quantity: 4)),
  ]

  private static let order = Event.orderCreated(
    OrderCreated(
      orderID: orderID, customerID: CustomerID(trusted: "cust-1"),
      lines: [.init(line: 1, sku: SKU(trusted: "A"), quantity: 3)]))

  private static func shipment(_ id: String, _ quantity: Int64) -> Event {
    .shipmentDispatched(
      ShipmentDispatched(
        shipmentID: ShipmentID(trusted: id), orderID: orderID,
        lines: [.init(line: 1, locationID: LocationID(trusted: "WH-1"), quantity: quantity)]))
  }

  @Test("an order and two shipments with their supply: all sequences end in the same state")
  func shippedInAnyOrder() throws {
    let events = Self.supply + [Self.order, Self.shipment("s-1", 1), Self.shipment("s-2", 2)]
    try expectOneEnd(of: Self.steps(events))
  }

  @Test("an order, its supply and its cancellation: all sequences end in the same state")
  func cancelledInAnyOrder() throws {
    let cancellation = Event.orderCancelled(OrderCancelled(orderID: Self.orderID, reason: "changed mind"))
    // Whether the answer was a rejection or came before the cancellation is history, not state.
    try expectOneEnd(of: Self.steps(Self.supply + [Self.order, cancellation]))
  }

  private func expectOneEnd(of steps: [Step]) throws {
    let proper = try History(steps: steps).world().quantities
    var tried = 0
    for steps in permutations(of: steps) {
      tried += 1
      let end = try History(steps: steps).world().quantities
      guard end == proper else {
        Issue.record("\(OrderingProperties.difference(proper, end)) after \(History(steps: steps))")
        return
      }
    }
    #expect(tried == (1...steps.count).reduce(1, *))
  }
}

/// All sequences of some things.
func permutations<Element>(of elements: [Element]) -> [[Element]] {
  guard let first = elements.first else { return [[]] }
  return permutations(of: Array(elements.dropFirst())).flatMap { rest in
    (0...rest.count).map { Array(rest[..<$0]) + [first] + Array(rest[$0...]) }
  }
}

extension World {
  /// Per SKU: what is there, promised and owed.
  var sums: [String] {
    items.values.map { item in
      let there = item.balances.reduce(0) { $0 + $1.onHand }
      let reserved = item.balances.reduce(0) { $0 + $1.reserved }
      return "\(item.sku) \(there) \(reserved) \(item.owed)"
    }.sorted()
  }
}
