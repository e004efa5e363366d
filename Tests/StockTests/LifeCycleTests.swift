import Contracts
import Postgres
import Testing

@testable import Stock

@Suite("Life cycles")
struct LifeCycleTests {
  private let cause = Cause(
    consumer: "test", source: "urn:test", messageID: "m", reference: "r", occurredAt: Timestamp(microseconds: 0),
    traceparent: nil)

  /// A line of two units, both in one quantity, on stock of which two more are free.
  private func scene(_ place: UnitMove.Quantity?) -> (
    stock: WorkingSet, line: OrderLine, order: Order, balance: Balance
  ) {
    let stock = WorkingSet()
    let tid = TID(block: 0, offset: 1)
    let item = StockItem(StockItem.Row(tid: tid, sku: SKU(trusted: "A")))
    let balance = Balance(
      Balance.Row(id: 1, tid: tid, sku: item.sku, location: LocationID(trusted: "W"), onHand: 4), of: item)
    item.balances = [balance]
    stock.add(item)
    let line = OrderLine(number: 1, sku: item.sku, ordered: 2, isNew: true)
    let order = Order(
      id: OrderID(trusted: "o"), customer: CustomerID(trusted: "c"), allowsBackorder: true, priority: 0, needBy: nil,
      orderedAt: Timestamp(microseconds: 0), lines: [line], state: .backordered, closedReason: nil, sequence: 0,
      isNew: true)
    stock.insert(order)
    switch place {
    case .reserved?: reserve(2, stock, line, balance)
    case .backordered?: stock.enqueue(2, of: line, cause)
    case .shipped?:
      reserve(2, stock, line, balance)
      stock.ship(2, of: line, from: balance.location, cause)
    case .cancelled?: stock.cancel(2, of: line)
    case nil: break
    }
    return (stock, line, order, balance)
  }

  private func reserve(_ units: Int64, _ stock: WorkingSet, _ line: OrderLine, _ balance: Balance) {
    stock.reserve(units, for: line, at: balance, policy: "p", candidates: "", cause)
  }

  /// Takes both units of a line one of the ways, by the operations that the workers use.
  private func take(_ move: UnitMove) -> OrderLine {
    let (stock, line, _, balance) = scene(move.from)
    switch (move.from, move.cause) {
    case (.reserved?, .shipmentDispatched): stock.ship(2, of: line, from: balance.location, cause)
    case (.reserved?, .orderCancelled): _ = stock.release(0, of: line, cause)
    case (.backordered?, .orderCancelled), (.backordered?, .orderAmended), (.backordered?, .holdDue):
      _ = stock.cancelBackorder(of: line, cause)
    case (.reserved?, _): _ = stock.withdraw(2, from: line.reservations[0], of: line, cause)
    case (.shipped?, _): stock.takeBack(2, of: line, to: balance, cause)
    case (.cancelled?, _): stock.reinstate(2, of: line)
    case (.backordered?, _): stock.fill(2, of: line, from: balance, policy: "p", candidates: "", cause)
    case (nil, _): break
    }
    settle(move, stock, line, balance)
    return line
  }

  /// Puts units that are in none of the line's quantities where the way ends.
  private func settle(_ move: UnitMove, _ stock: WorkingSet, _ line: OrderLine, _ balance: Balance) {
    let left = line.ordered - line.reserved - line.backordered - line.shipped - line.cancelled
    if move.to == .shipped, line.shipped == 0 {
      if left > 0 { reserve(left, stock, line, balance) }
      stock.ship(2, of: line, from: balance.location, cause)
    } else if left > 0 {
      switch move.to {
      case .reserved: reserve(left, stock, line, balance)
      case .backordered: stock.enqueue(left, of: line, cause)
      default: stock.cancel(left, of: line)
      }
    }
  }

  @Test("every way of a unit is taken by the operations, and keeps the line equation", arguments: UnitMove.all)
  func moves(move: UnitMove) {
    let line = take(move)
    let found = [line.reserved, line.backordered, line.shipped, line.cancelled]
    #expect(found == UnitMove.Quantity.allCases.map { $0 == move.to ? 2 : 0 }, "\(move)")
  }

  @Test("an order's steps follow from its units': only a late shipment or an amendment leaves a fulfilled order")
  func order() {
    let steps = LifeCycle.order.steps
    // Only what was cancelled and has left all the same: it has still to arrive.
    #expect(steps.filter { $0.from == "fulfilled" && $0.to != nil }.map(\.to) == ["partially_shipped", "shipped"])
    #expect(steps.contains { $0.from == "fulfilled" && $0.causes == ["order.amended"] })
    #expect(steps.contains { $0.from == "shipped" && $0.to == "fulfilled" && $0.causes.contains("shipment.delivered") })
    #expect(steps.contains { $0.from == "cancelled" && $0.to == "shipped" && $0.causes == ["shipment.dispatched"] })
    #expect(!steps.contains { $0.from == "backordered" && $0.to == "fulfilled" })
    let reached = Set(steps.compactMap(\.to))
    for state in OrderState.allCases { #expect(reached.contains(state.rawValue)) }
    // What is closed for good can only have left all the same.
    for closed in ["rejected", "expired"] {
      let left = Set(steps.filter { $0.from == closed && $0.to != nil }.flatMap(\.causes))
      #expect(left == ["shipment.dispatched"])
    }
    #expect(steps.contains { $0.from == "cancelled" && $0.to == "reserved" && $0.causes == ["order.amended"] })
  }

  @Test("steps between the same states are one, with all of their causes")
  func joined() {
    for cycle in [LifeCycle.order, .line, .backorder] {
      let pairs = cycle.steps.map { [$0.from, $0.to] }
      #expect(Set(pairs).count == pairs.count, "\(cycle.name)")
      #expect(cycle.steps.allSatisfy { $0.to == nil || !$0.causes.isEmpty })
    }
  }
}
