import Contracts
import Messaging
import Postgres
import Stock

// An order with expires_at is a hold: it is reserved like any other, and given back unless order.confirmed comes in
// time. What counts is when its units are given back: until then a confirmation is in time, whatever the clocks say.

extension AllocationDecisions {
  func confirm(_ request: OrderConfirmed) -> Disposition {
    guard let order = stock.order(request.orderID) else { return .notApplied(unknownOrder(request.orderID)) }
    if order.state == .expired {
      return .notApplied(
        Reason(
          .holdExpired, field: "data.order_id", value: order.id.value,
          rule: "must be confirmed before its hold ended, at \(order.terms.expiresAt?.rfc3339 ?? "a time")"))
    }
    guard order.holdUntil != nil else { return .unchanged("the order is no open hold") }
    stock.endHold(of: order)
    return .applied([])
  }

  /// A sweeper found a hold whose time has come; it may have been confirmed or swept meanwhile.
  func expire(_ id: OrderID) -> Disposition {
    guard let order = stock.order(id), let end = order.holdUntil, end <= now else {
      return .unchanged("no hold of the order is over")
    }
    // What has begun to leave is meant.
    if order.lines.contains(where: { $0.shipped > 0 }) {
      stock.endHold(of: order)
      return .applied([])
    }
    let cause = cause(order.id.value)
    let wasOpen = order.lines.contains { $0.open > 0 }
    var events: [OutgoingEvent] = []
    for line in order.lines where line.open > 0 {
      stock.record(.expired, line.open, of: line, order, by: .requested, seeing: nil, cause)
      for freed in stock.withdraw(line.open, of: line, as: .expired, cause) {
        let expired = ReservationExpired(
          orderID: order.id, line: line.number, sku: line.sku, locationID: freed.locationID, quantity: freed.quantity)
        events.append(follow.event(.reservationExpired(expired), order: order.id, sequence: order.nextSequence()))
      }
    }
    let reason = "its hold was not confirmed until \(end.rfc3339)"
    stock.close(order, as: .expired, reason: reason)
    // What was cancelled line by line has been told; it is closed all the same, or an amendment would make it firm.
    guard wasOpen else { return .applied(events) }
    state.expired.insert(order.id)
    let closed = OrderClosedCancelled(orderID: order.id, customerID: order.customer, reason: reason)
    events.append(follow.event(.orderClosedCancelled(closed), order: order.id, sequence: order.nextSequence()))
    return .applied(events)
  }
}

// MARK: What has ended stays ended

extension AllocationDecisions {
  /// What left of an order all the same has come back: one whose hold had ended is expired again, and not cancelled.
  func expireAgain(_ order: Order) {
    guard order.state == .cancelled, state.expired.contains(order.id) else { return }
    stock.close(order, as: .expired, reason: order.closedReason)
  }
}

enum HoldStatements {
  /// Those of some orders whose hold ended: their state says it only while nothing of them has left.
  static let expired = Statement(
    name: "orders_expired",
    sql: "select distinct order_id from decisions where order_id = any($1::text[]) and decision = 'expired'")
}

extension AllocationState {
  /// Finds out which orders had expired whose shipments have failed; hardly ever is there one to ask about.
  func loadExpired(on database: Connection) throws {
    guard requestedStatuses.contains(where: { $0.status == .failed }) else { return }
    // Also of those whose shipment leaves in the same batch.
    let asked = stock.orders.values.filter { $0.isClosed && $0.terms.expiresAt != nil }.map(\.id)
    guard !asked.isEmpty else { return }
    let rows = try database.query(HoldStatements.expired, [.texts(asked.map(\.value))])
    for row in 0..<rows.count { expired.insert(OrderID(trusted: rows.text(row, 0))) }
  }
}
