import Contracts
import TestServers

@testable import Allocation
@testable import Stock

// What changes an order after it was placed, and what comes back of it.

extension Generator {
  /// Mostly of an order of which something is open, and newer than what is in force.
  mutating func amendment() -> OrderAmended {
    guard chance(85), let order = known({ !$0.isClosed && $0.holdUntil == nil }) ?? known({ !$0.isTombstone }) else {
      let order = anyOrder()
      return OrderAmended(orderID: order.orderID, revision: 1 + small(3), lines: lines(like: order))
    }
    var lines: [OrderAmended.Line] = []
    for line in order.lines where line.shipped > 0 || chance(80) {
      let floor = max(1, line.shipped)
      let quantity = max(chance(95) ? floor : 1, line.ordered + Int64.random(in: -3...3, using: &dice))
      lines.append(.init(line: line.number, sku: line.sku, quantity: quantity))
    }
    let new = taste.oneSKU ? order.lines[0].sku : sku()
    if taste.repeatsSKUs || !order.lines.contains(where: { $0.sku == new }), lines.isEmpty || chance(25) {
      let number = (order.lines.map(\.number).max() ?? 0) + 1
      lines.append(.init(line: number, sku: new, quantity: 1 + small(4)))
    }
    if lines.isEmpty { lines.append(.init(line: order.lines[0].number, sku: order.lines[0].sku, quantity: 1)) }
    let revision = chance(80) ? (order.revision ?? 0) + 1 + small(2) : 1 + small(3)
    return OrderAmended(orderID: order.id, revision: revision, lines: lines)
  }

  private mutating func lines(like order: OrderCreated) -> [OrderAmended.Line] {
    order.lines.map { .init(line: $0.line, sku: $0.sku, quantity: 1 + small(5)) }
  }

  mutating func lineCancellation() -> OrderCancelled {
    guard chance(85), let order = known({ $0.lines.contains { $0.open > 0 } }) else {
      let order = anyOrder()
      return OrderCancelled(orderID: order.orderID, lines: [.init(line: order.lines[0].line)])
    }
    var lines: [OrderCancelled.Line] = []
    for line in order.lines where line.open > 0 && (lines.isEmpty || chance(40)) {
      let quantity = chance(90) ? Int64.random(in: 1...line.open, using: &dice) : line.open + 1
      lines.append(.init(line: line.number, quantity: chance(70) ? quantity : nil))
    }
    let isNamed = chance(40) || lines.contains { $0.quantity != nil }
    return OrderCancelled(
      orderID: order.id, reason: chance(30) ? "changed mind" : nil,
      cancellationID: isNamed ? CancellationID(trusted: "x-\(key())") : nil, lines: lines)
  }

  mutating func confirmation() -> OrderConfirmed {
    let held = chance(70) ? known { $0.holdUntil != nil } : known { $0.state == .expired }
    return OrderConfirmed(orderID: held?.id ?? anyOrder().orderID)
  }

  /// Of what is reserved, mostly.
  mutating func failedPlan() -> ShipmentPlanFailed {
    let open = shadow.world.openReservations
    let planID = PlanID(trusted: "p-\(key())")
    let action: PlanAction = chance(60) ? .replan : .release
    guard chance(90), let first = open.randomElement(using: &dice) else {
      let order = anyOrder()
      let line = ShipmentPlanFailed.Line(line: order.lines[0].line, locationID: location(), quantity: 1 + small(3))
      return ShipmentPlanFailed(planID: planID, orderID: order.orderID, lines: [line], action: action)
    }
    var lines: [ShipmentPlanFailed.Line] = []
    for place in open where place.order == first.order && (place == first || chance(30)) {
      let quantity = chance(50) ? place.quantity : Int64.random(in: 1...place.quantity, using: &dice)
      lines.append(.init(line: place.line, locationID: place.location, quantity: quantity))
    }
    return ShipmentPlanFailed(
      planID: planID, orderID: first.order, lines: lines, action: action, reason: chance(30) ? "no van" : nil)
  }

  /// Of what has left, by order or shipment; now and then of what nobody knows of.
  mutating func back() -> ReturnReceived {
    let id = ReturnID(trusted: "rt-\(key())")
    let disposition = [Disposal.stock, .stock, .qualityControl, .scrap].randomElement(using: &dice) ?? .stock
    guard chance(85), let order = known({ $0.lines.contains { $0.shipped > 0 } }) else {
      let line = ReturnReceived.Line(
        line: nil, sku: sku(), locationID: location(), quantity: 1 + small(3), disposition: disposition)
      return ReturnReceived(returnID: id, orderID: nil, shipmentID: nil, lines: [line], reason: nil)
    }
    var lines: [ReturnReceived.Line] = []
    for line in order.lines where line.shipped > 0 && (lines.isEmpty || chance(40)) {
      let quantity = chance(90) ? Int64.random(in: 1...line.shipped, using: &dice) : line.shipped + 1
      lines.append(
        .init(
          line: chance(70) ? line.number : nil, sku: line.sku, locationID: location(), quantity: quantity,
          disposition: disposition))
      if lines[lines.count - 1].line != nil, chance(60) { lines[lines.count - 1].sku = nil }
    }
    let shipments = shadow.world.records.shipments.values.filter { $0.order == order.id }.map(\.id).sorted()
    let shipment = chance(30) ? shipments.randomElement(using: &dice) : nil
    return ReturnReceived(
      returnID: id, orderID: shipment == nil || chance(50) ? order.id : nil, shipmentID: shipment, lines: lines,
      reason: chance(30) ? "too small" : nil)
  }

  /// Whether a message has something to be about; now and then it comes all the same.
  mutating func isRipe(_ condition: (World) -> Bool) -> Bool { condition(shadow.world) || chance(15) }

  private mutating func known(_ isMeant: (Order) -> Bool) -> Order? {
    shadow.world.orders.values.filter { !$0.isTombstone && isMeant($0) }.sorted { $0.id < $1.id }
      .randomElement(using: &dice)
  }
}

extension World {
  /// Whether units wait for a decision about their quality.
  var hasHeld: Bool { items.values.contains { $0.balances.contains { $0.qualityControl > 0 } } }
  /// Whether anything has left.
  var hasShipped: Bool { orders.values.contains { $0.lines.contains { $0.shipped > 0 } } }
  /// Whether an order waits to be confirmed, or was not.
  var hasHolds: Bool { orders.values.contains { $0.holdUntil != nil || $0.state == .expired } }
}
