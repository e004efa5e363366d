import Contracts
import Messaging
import Stock

// shipment.dispatched: what left falls out of on hand and reserved together.

extension AllocationDecisions {
  func dispatch(_ shipment: ShipmentDispatched) -> Disposition {
    if let known = state.shipments[shipment.shipmentID] {
      guard let contradiction = known.contradiction(with: shipment) else {
        return .unchanged("the shipment is booked already")
      }
      return .notApplied(contradiction)
    }
    guard let order = stock.order(shipment.orderID), !order.isTombstone else {
      return .notApplied(unknownOrder(shipment.orderID))
    }
    if let obstacle = obstacle(to: shipment, order) { return obstacle }
    let cause = cause(shipment.shipmentID.value)
    let booked = Shipment(shipment, at: message.envelope.time, recordedAt: now)
    for part in shipment.lines {
      guard let line = order.line(part.line) else { continue }
      for (lot, quantity) in stock.ship(part.quantity, of: line, from: part.locationID, cause) {
        booked.add(quantity, line: line.number, location: part.locationID, lot: lot)
      }
    }
    stock.refresh(order)
    state.shipments[booked.id] = booked
    return .applied([follow.event(shipped(shipment, order), order: order.id, sequence: order.nextSequence())])
  }

  /// What keeps the shipment from being booked, if anything does; nothing has been changed yet.
  private func obstacle(to shipment: ShipmentDispatched, _ order: Order) -> Disposition? {
    var leaving: [Int32: Int64] = [:]
    var leavingFrom: [Place: Int64] = [:]
    for (index, part) in shipment.lines.enumerated() {
      let path = "data.lines[\(index)]"
      guard let line = order.line(part.line) else {
        return .notApplied(
          Reason(.wrongLine, field: "\(path).line", value: "\(part.line)", rule: "must be a line of order \(order.id)"))
      }
      if let sku = part.sku, sku != line.sku {
        return .notApplied(
          Reason(.wrongLine, field: "\(path).sku", value: sku.value, rule: "must be \(line.sku), the line's SKU"))
      }
      leaving[part.line, default: 0] += part.quantity
      leavingFrom[Place(line: part.line, location: part.locationID), default: 0] += part.quantity
      let open = line.reserved + line.backordered
      if leaving[part.line, default: 0] > open {
        return .notApplied(
          Reason(
            .moreThanOpen, field: "\(path).quantity", value: "\(part.quantity)",
            rule: "must not exceed the \(open) units of the line that are still open"))
      }
      let reserved = line.openReserved(at: part.locationID)
      if leavingFrom[Place(line: part.line, location: part.locationID), default: 0] > reserved {
        // The stock that fills the line may be booked a moment later: first the retry tiers.
        return .notApplied(
          Reason(
            .notReserved, field: "\(path).quantity", value: "\(part.quantity)",
            rule: "must not exceed the \(reserved) units reserved for the line at \(part.locationID)"))
      }
    }
    return nil
  }

  private struct Place: Hashable {
    let line: Int32
    let location: LocationID
  }

  private func shipped(_ shipment: ShipmentDispatched, _ order: Order) -> Event {
    let event = OrderShipment(
      orderID: order.id, customerID: order.owner, shipmentID: shipment.shipmentID,
      carrier: shipment.carrier, trackingNumber: shipment.trackingNumber,
      lines: shipment.lines.compactMap { part in
        guard let line = order.line(part.line) else { return nil }
        return OrderShipment.Line(
          line: line.number, sku: line.sku, ordered: line.ordered, shipped: line.shipped, cancelled: line.cancelled,
          locationID: part.locationID, quantity: part.quantity)
      })
    return order.state == .shipped ? .orderShipped(event) : .orderPartiallyShipped(event)
  }
}
