import Contracts
import Messaging
import Stock

// order.cancelled: at any point of the life cycle, also before the order.

extension AllocationDecisions {
  func cancel(_ request: OrderCancelled) -> Disposition {
    if let lines = request.lines { return cancel(lines, of: request) }
    guard let order = stock.order(request.orderID) else {
      stock.insert(Order(tombstone: request, at: message.envelope.time))
      return .applied([])
    }
    if order.state == .shipped || order.state == .fulfilled {
      // What had not left was cancelled then: the same cancellation again is no error.
      if order.isClosed { return .unchanged("nothing of the order is open") }
      return .notApplied(
        Reason(
          .alreadyShipped, field: "data.order_id", value: order.id.value,
          rule: "must not have shipped: a shipped order can only come back"))
    }
    if order.isClosed || order.isTombstone { return .unchanged("nothing of the order is open") }
    if order.lines.allSatisfy({ $0.open == 0 }) {
      // Its lines were cancelled one by one: now no amendment adds others.
      stock.close(order, as: order.state, reason: request.reason ?? "cancelled")
      return .applied([])
    }
    var events: [OutgoingEvent] = []
    let cause = cause(order.id.value)
    for line in order.lines { close(line, of: order, cause, &events) }
    let before = order.state
    stock.refresh(order)
    stock.close(order, as: order.state, reason: request.reason ?? "cancelled")
    let closed = OrderClosedCancelled(orderID: order.id, customerID: order.customer, reason: request.reason)
    events.append(follow.event(.orderClosedCancelled(closed), order: order.id, sequence: order.nextSequence()))
    return .applied(events + fulfilment(of: order, since: before))
  }

  private func close(_ line: OrderLine, of order: Order, _ cause: Cause, _ events: inout [OutgoingEvent]) {
    _ = stock.cancelBackorder(of: line, cause)
    for index in line.reservations.indices {
      let quantity = stock.release(index, of: line, cause)
      guard quantity > 0 else { continue }
      let released = ReservationReleased(
        orderID: order.id, line: line.number, sku: line.sku, locationID: line.reservations[index].location,
        quantity: quantity, reason: "cancelled")
      events.append(follow.event(.reservationReleased(released), order: order.id, sequence: order.nextSequence()))
    }
  }
}
