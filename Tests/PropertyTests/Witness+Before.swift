import Contracts
import Messaging

@testable import Stock

/// How things stood before a message, as far as the state after it does not tell.
struct Before {
  /// Free and owed, by SKU.
  var levels: [SKU: (free: Int64, owed: Int64)] = [:]
  /// What is promised to a line at a location.
  var held: [Place: Int64] = [:]
  /// Orders of which nothing more can come.
  var closed: Set<OrderID> = []

  struct Place: Hashable {
    let order: OrderID
    let line: Int32
    let location: LocationID
  }

  init(_ stock: WorkingSet) {
    for item in stock.items.values { levels[item.sku] = (item.free, item.owed) }
    for order in stock.orders.values {
      if order.isClosed { closed.insert(order.id) }
      for line in order.lines {
        for promise in line.reservations where promise.open > 0 {
          held[Place(order: order.id, line: line.number, location: promise.location), default: 0] += promise.open
        }
      }
    }
  }

  // MARK: Checks after the message

  /// Only who cancels an order closes it while some of it is on the road.
  func checkEnds(_ stock: WorkingSet, after event: Event, _ books: Books) throws(Broken) {
    if case .holdDue(let due) = event, let order = stock.order(due.orderID) {
      let hasLeft = order.lines.contains { $0.shipped > 0 }
      try require(order.isClosed || hasLeft, "a hold that was not confirmed ends", "\(order.id)")
    }
    for order in stock.orders.values where order.isClosed && !closed.contains(order.id) {
      if case .orderCancelled(let cancellation) = event, cancellation.orderID == order.id { continue }
      let shipped = order.lines.reduce(0) { $0 + $1.shipped }
      try require(
        shipped <= books.arrived[order.id, default: 0],
        "an order that nobody cancelled goes on while some of it is on the road", "\(order.id)")
    }
  }

  /// The order takes what can be promised and what it has made free, from where it is not refused, and says so.
  func check(
    _ failure: ShipmentPlanFailed, _ new: [(Reservation, OrderLine)], _ follow: [OutgoingEvent], _ stock: WorkingSet
  ) throws(Broken) {
    guard let order = stock.order(failure.orderID) else { return }
    for item in stock.items.values {
      guard let before = levels[item.sku] else { continue }
      try require(
        item.free >= min(before.free, before.owed), "a failed plan takes nothing that others are owed, or that is kept",
        "\(item.sku): \(item.free) free, before it \(before.free) and \(before.owed) owed")
    }
    var refused: [SKU: Set<LocationID>] = [:]
    for part in failure.lines {
      guard let line = order.line(part.line) else { continue }
      refused[line.sku, default: []].insert(part.locationID)
    }
    for (reservation, line) in new where refused[line.sku]?.contains(reservation.location) == true {
      let others = stock.item(line.sku)?.balances.filter { refused[line.sku]?.contains($0.location) == false } ?? []
      try require(
        others.allSatisfy { $0.allocatable == 0 }, "a location that refused gives only what no other has",
        "\(line.sku) at \(reservation.location)")
    }
    var told: [Place: Int64] = [:]
    for case .reservationReleased(let released) in follow.map(\.event) {
      told[Place(order: released.orderID, line: released.line, location: released.locationID), default: 0] +=
        released.quantity
    }
    for part in failure.lines {
      guard let line = order.line(part.line) else { continue }
      let place = Place(order: order.id, line: part.line, location: part.locationID)
      let freed = max(0, held[place, default: 0] - line.openReserved(at: part.locationID))
      try require(told[place, default: 0] == freed, "what is said to be free is free", "\(place): \(freed)")
    }
  }
}

/// Those who are owed stock when a batch begins: a filling passes none of them by.
struct Owed {
  private let lines: [WaitingLine]
  private let now: Timestamp

  init(_ orders: [OrderID: Order], at now: Timestamp) {
    self.now = now
    lines = orders.values.flatMap { order in
      order.lines.filter { $0.backordered > 0 && $0.backorder?.isFillable == true }.map {
        WaitingLine(order: order, line: $0)
      }
    }
  }

  /// What an order that is wanted wholly, or by whole lines, has got of a SKU leaves what is owed to those who go
  /// before it. All of a `ship_complete` order goes with the first of its lines.
  func check(_ filled: [OrderLine], of order: Order, _ item: StockItem) throws(Broken) {
    var takers = filled.map { WaitingLine(order: order, line: $0) }.sorted { $0.goesBefore($1, at: now) }
    if order.terms.policy == .shipComplete { takers = Array(takers.prefix(1)) }
    for taker in takers {
      let ahead = lines.filter { $0.line.sku == item.sku && $0.goesBefore(taker, at: now) }
      let units = ahead.reduce(0) { $0 + $1.line.backordered }
      try require(
        item.free >= units, "who is wanted wholly takes nothing that is owed to a higher rank",
        "\(order.id)/\(taker.line.number): \(units) owed before it, \(item.free) left")
    }
  }
}
