import Contracts

extension Order {
  /// A new order with nothing decided yet.
  public convenience init(new request: borrowing OrderCreated, at time: Timestamp) {
    self.init(
      id: request.orderID, customer: request.customerID, allowsBackorder: request.backorder == .allow,
      priority: request.priority, needBy: request.needBy, terms: OrderTerms(of: request), orderedAt: time,
      lines: Order.lines(of: request), state: .backordered, closedReason: nil, sequence: 0, isNew: true)
    holdUntil = request.expiresAt
  }

  /// The mark that a cancellation leaves when its order has not arrived.
  public convenience init(tombstone request: OrderCancelled, at time: Timestamp) {
    self.init(
      id: request.orderID, customer: nil, allowsBackorder: true, priority: 0, needBy: nil, orderedAt: time, lines: [],
      state: .cancelled, closedReason: request.reason ?? "cancelled", sequence: 0, isNew: true)
  }

  /// The order whose tombstone was there first: its lines are new, it is and stays cancelled.
  public convenience init(replacing tombstone: Order, with request: borrowing OrderCreated, at time: Timestamp) {
    self.init(
      id: request.orderID, customer: request.customerID, allowsBackorder: request.backorder == .allow,
      priority: request.priority, needBy: request.needBy, terms: OrderTerms(of: request), orderedAt: time,
      lines: Order.lines(of: request), state: .cancelled, closedReason: tombstone.closedReason ?? "cancelled",
      sequence: tombstone.sequence, isNew: tombstone.isNew)
    isRevised = !isNew && !terms.arePlain
  }

  private static func lines(of request: borrowing OrderCreated) -> [OrderLine] {
    let isDivisible = request.policy == .partial
    return request.lines.map {
      OrderLine(number: $0.line, sku: $0.sku, ordered: $0.quantity, isDivisible: isDivisible, isNew: true)
    }
  }
}

extension WorkingSet {
  /// Puts an order in the place of its tombstone.
  public func replace(_ order: Order) {
    add(order)
    order.isChanged = true
  }
}
