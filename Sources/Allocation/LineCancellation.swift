import Contracts
import Messaging
import Stock

// order.cancelled with lines: some of an order is not wanted any more. Before its order it waits in the retry tiers;
// only the cancellation of a whole order leaves a tombstone.

extension AllocationDecisions {
  func cancel(_ lines: [OrderCancelled.Line], of request: OrderCancelled) -> Disposition {
    guard let order = stock.order(request.orderID) else { return .notApplied(unknownOrder(request.orderID)) }
    let key = request.cancellationID.map { CancellationKey(order: request.orderID, id: $0) }
    if let key, let known = state.cancellations[key] {
      guard known != request.linesText else { return .unchanged("the cancellation is applied already") }
      return .notApplied(
        Reason(
          .contradiction, field: "data.lines", value: request.linesText,
          rule: "must stay \(known): cancellation \(key.id) of the order was published with it before"))
    }
    if order.isClosed { return .unchanged("nothing of the order is open") }
    if key == nil, lines.allSatisfy({ order.line($0.line)?.isClosed == true }) {
      return .unchanged("these lines are cancelled already")
    }
    if let obstacle = obstacle(to: lines, order) { return obstacle }
    let events = takeOff(lines, order, reason: request.reason)
    if let key {
      state.cancellations[key] = request.linesText
      state.newCancellations.append(key)
    }
    return .applied(events)
  }

  /// What keeps lines from being cancelled, if anything does; nothing has been changed yet.
  private func obstacle(to lines: [OrderCancelled.Line], _ order: Order) -> Disposition? {
    for (index, part) in lines.enumerated() {
      guard let line = order.line(part.line) else {
        return .notApplied(
          Reason(
            .notOpen, field: "data.lines[\(index)].line", value: "\(part.line)",
            rule: "must be a line of order \(order.id)"))
      }
      if let quantity = part.quantity, quantity > line.open {
        return .notApplied(
          Reason(
            .notOpen, field: "data.lines[\(index)].quantity", value: "\(quantity)",
            rule: "must not exceed the \(line.open) units of the line that are still open"))
      }
      if part.quantity == nil, line.open == 0, line.shipped > 0, !line.isClosed {
        return .notApplied(
          Reason(
            .alreadyShipped, field: "data.lines[\(index)].line", value: "\(part.line)",
            rule: "must not have shipped: what has left can only come back"))
      }
    }
    return nil
  }

  private func takeOff(_ lines: [OrderCancelled.Line], _ order: Order, reason: String?) -> [OutgoingEvent] {
    let cause = cause(order.id.value)
    var events: [OutgoingEvent] = []
    for part in lines {
      guard let line = order.line(part.line) else { continue }
      let units = part.quantity ?? line.open
      events += withdraw(units, of: line, order, .cancelled, cause)
      stock.record(.cancelled, units, of: line, order, by: .requested, seeing: nil, cause)
      if let quantity = part.quantity { stock.callOff(quantity, of: line) } else { stock.closeLine(line) }
    }
    return events + replanned(order, reason: reason)
  }

  /// Takes open units of a line back and says where stock is free again.
  func withdraw(
    _ units: Int64, of line: OrderLine, _ order: Order, _ kind: Decision.Kind, _ cause: Cause
  ) -> [OutgoingEvent] {
    stock.withdraw(units, of: line, cause).map { freed in
      let released = ReservationReleased(
        orderID: order.id, line: line.number, sku: line.sku, locationID: freed.locationID, quantity: freed.quantity,
        reason: kind.rawValue)
      return follow.event(.reservationReleased(released), order: order.id, sequence: order.nextSequence())
    }
  }

  /// An order after some of it was changed: what waited for the rest of it may be filled now; then how it stands.
  func replanned(_ order: Order, reason: String?) -> [OutgoingEvent] {
    var events: [OutgoingEvent] = []
    let before = order.state
    if !order.isClosed {
      events += fillWhole(order)
      stock.refresh(order)
      if order.state == .cancelled, before != .cancelled {
        let closed = OrderClosedCancelled(orderID: order.id, customerID: order.customer, reason: reason)
        return events + [follow.event(.orderClosedCancelled(closed), order: order.id, sequence: order.nextSequence())]
      }
    }
    let answer = order.answer
    let replanned = OrderReplanned(
      orderID: order.id, customerID: answer.customerID, revision: order.revision, lines: answer.lines)
    events.append(follow.event(.orderReplanned(replanned), order: order.id, sequence: order.nextSequence()))
    return events + fulfilment(of: order, since: before)
  }

  /// Fills what waits as a whole, if all of it is there now.
  private func fillWhole(_ order: Order) -> [OutgoingEvent] {
    let waiting = order.lines.filter { $0.backordered > 0 && !$0.isDivisible }
    switch order.terms.policy {
    case .partial: return []
    case .lineComplete: return waiting.flatMap { canFill([$0], whoseTurn: nil) ? fill([$0], of: order) : [] }
    case .shipComplete: return !waiting.isEmpty && canFill(waiting, whoseTurn: nil) ? fill(waiting, of: order) : []
    }
  }
}
