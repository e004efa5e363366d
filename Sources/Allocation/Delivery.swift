import Contracts
import Messaging
import Stock

// shipment.status: what left is on its way, has arrived, or comes back.

extension AllocationDecisions {
  func hear(_ status: ShipmentStatus) -> Disposition {
    guard let shipment = state.shipments[status.shipmentID], let order = stock.order(shipment.order) else {
      return .notApplied(unknownShipment(status.shipmentID))
    }
    let key = AllocationState.StatusKey(status)
    if let known = state.statuses[key] {
      guard let contradiction = known.contradiction(with: status, isErased: order.isErased) else {
        return .unchanged("the carrier has said so before")
      }
      return .notApplied(contradiction)
    }
    var events: [OutgoingEvent] = []
    let effect = shipment.state.effect(of: status.status, at: status.timestamp, after: shipment.statusAt)
    switch effect {
    case .refused: return .notApplied(ended(shipment, status))
    case .noted: break
    case .enters(let next):
      if next == .failed, let reason = cameBackAlready(shipment, order) { return .notApplied(reason) }
      shipment.state = next
      shipment.statusAt = status.timestamp
      events = enter(next, shipment, status, order)
    }
    shipment.heardAt = now
    shipment.isChanged = true
    state.statuses[key] = status
    state.heard.append(.init(status: status, state: shipment.state, tookEffect: effect != .noted))
    return .applied(events)
  }

  private func enter(
    _ next: ShipmentState, _ shipment: Shipment, _ status: ShipmentStatus, _ order: Order
  ) -> [OutgoingEvent] {
    switch next {
    case .dispatched: return []
    case .inTransit:
      return [event(.shipmentInTransit(progress(of: shipment, status, order)), order)]
    case .delivered:
      let told = event(.shipmentDelivered(progress(of: shipment, status, order)), order)
      stock.deliver(shipment.total, of: order)
      return [told] + refreshed(order)
    case .failed: return fail(shipment, status, order)
    }
  }

  private func progress(of shipment: Shipment, _ status: ShipmentStatus, _ order: Order) -> ShipmentProgress {
    ShipmentProgress(
      shipmentID: shipment.id, orderID: order.id, customerID: order.owner, carrier: shipment.carrier,
      trackingNumber: shipment.trackingNumber, timestamp: status.timestamp, location: status.location)
  }

  // MARK: What comes back

  /// The units come back to where they left, through quality control, and the order is planned anew: all of it in this
  /// transaction, so that no unit is in two places.
  private func fail(_ shipment: Shipment, _ status: ShipmentStatus, _ order: Order) -> [OutgoingEvent] {
    let cause = cause(shipment.id.value)
    var lines: [ShipmentFailed.Line] = []
    var waiting: [OrderLine] = []
    for part in shipment.parts {
      guard let line = order.line(part.line),
        let balance = stock.item(line.sku)?.balance(at: part.location, lot: part.lot)
      else { continue }
      stock.takeBack(part.quantity, of: line, to: balance, cause)
      let waited = line.backordered > 0
      let planned = replan(part.quantity, of: line, order)
      // A line that waited already goes on waiting, for more: its backorder is not a new one.
      if planned.backordered > 0, !waited { waiting.append(line) }
      lines.append(
        ShipmentFailed.Line(
          line: line.number, sku: line.sku, locationID: part.location,
          lot: part.lot.isEmpty ? nil : LotID(trusted: part.lot), quantity: part.quantity,
          reserved: planned.reserved, backordered: planned.backordered, cancelled: planned.cancelled))
    }
    let failed = ShipmentFailed(
      shipmentID: shipment.id, orderID: order.id, customerID: order.owner, carrier: shipment.carrier,
      trackingNumber: shipment.trackingNumber, timestamp: status.timestamp, location: status.location,
      reason: status.reason, lines: ShipmentFailed.fitting(lines))
    let told = event(.shipmentFailed(failed), order)
    let events = [told] + backordersCreated(waiting, of: order) + refreshed(order)
    expireAgain(order)
    // Of an order that must not wait, or whose lines were closed one by one, nothing may be left.
    guard order.state == .cancelled, !order.isClosed else { return events }
    return events + [close(order, because: status.reason ?? "its shipment failed")]
  }

  /// Why a shipment cannot have failed: some of it would come back twice.
  private func cameBackAlready(_ shipment: Shipment, _ order: Order) -> Reason? {
    for number in Set(shipment.parts.map(\.line)).sorted() {
      guard let line = order.line(number) else { continue }
      let quantity = shipment.units(of: number)
      let ofIt = state.returns.returnedOf[.init(shipment: shipment.id, line: number), default: 0]
      let returned = state.returns.returned[.init(order: order.id, line: number), default: 0]
      // What came back of it came back with it; what names the order alone may be of another one, if there is enough.
      guard ofIt > 0 || returned > 0 && returned > line.shipped - quantity else { continue }
      let left =
        ofIt > 0
        ? "\(quantity) units of line \(number) of order \(order.id) that left with it, \(ofIt)"
        : "\(line.shipped) units of line \(number) of order \(order.id) that left, \(returned)"
      return Reason(
        .shipmentEnded, field: "data.status", value: CarrierStatus.failed.rawValue,
        rule: "must not follow: of the \(left) came back by return.received, so that not all \(quantity) of shipment "
          + "\(shipment.id) can have failed")
    }
    return nil
  }

  // MARK: What is not heard of

  /// A sweeper found the shipment silent for long. What has happened since, or was announced before, wins.
  func findOverdue(_ due: ShipmentStatusDue) -> Disposition {
    guard let shipment = state.shipments[due.shipmentID], let order = stock.order(shipment.order) else {
      return .notApplied(unknownShipment(due.shipmentID))
    }
    guard shipment.overdueAt == nil else { return .unchanged("it is announced as overdue already") }
    guard !shipment.state.isFinal, shipment.heardAt <= due.silentSince else {
      return .unchanged("something was heard of it meanwhile")
    }
    shipment.overdueAt = now
    shipment.isChanged = true
    let overdue = ShipmentOverdue(
      shipmentID: shipment.id, orderID: order.id, customerID: order.owner, carrier: shipment.carrier,
      trackingNumber: shipment.trackingNumber, silentSince: shipment.heardAt)
    return .applied([event(.shipmentOverdue(overdue), order)])
  }

  // MARK: The order's end

  /// Derives an order's state after its quantities have changed; tells if that fulfils it.
  func refreshed(_ order: Order) -> [OutgoingEvent] {
    let before = order.state
    stock.refresh(order)
    return fulfilment(of: order, since: before)
  }

  /// Tells that an order is fulfilled, if it was not before.
  func fulfilment(of order: Order, since before: OrderState) -> [OutgoingEvent] {
    guard order.state == .fulfilled, before != .fulfilled else { return [] }
    return [event(.orderFulfilled(order.fulfilled), order)]
  }

  private func event(_ event: Event, _ order: Order) -> OutgoingEvent {
    follow.event(event, order: order.id, sequence: order.nextSequence())
  }

  // MARK: Words

  private func unknownShipment(_ shipment: ShipmentID) -> Reason {
    Reason(
      .unknownShipment, field: "data.shipment_id", value: shipment.value, rule: "must be a shipment dispatched before")
  }

  /// What was said first has had its effects, and a person has to see which of them still stand.
  private func ended(_ shipment: Shipment, _ status: ShipmentStatus) -> Reason {
    let consequence =
      shipment.state == .failed
      ? "its units came back into quality control and order \(shipment.order) was planned anew, so that a redelivery "
        + "needs a shipment of its own" : "what comes back after that needs return.received"
    return Reason(
      .shipmentEnded, field: "data.status", value: status.status.rawValue,
      rule: "must not follow: shipment \(shipment.id) is \(shipment.state.rawValue)"
        + (shipment.statusAt.map { " since \($0.rfc3339)" } ?? "") + "; \(consequence)")
  }
}

extension ShipmentStatus {
  /// The first field in which a repetition differs. Of an erased customer's shipment neither place nor reason is kept.
  fileprivate func contradiction(with new: ShipmentStatus, isErased: Bool) -> Reason? {
    guard !isErased else { return nil }
    func reason(_ field: String, _ known: String?, _ value: String?) -> Reason {
      Reason(
        .contradiction, field: "data.\(field)", value: value ?? "absent",
        rule: "must stay \(known ?? "absent"): the same status and time of shipment \(shipmentID) came with it before")
    }
    switch (location, new.location) {
    case (nil, nil): break
    case (let known?, let value?) where known.isSame(as: value): break
    default: return reason("location", location?.text, new.location?.text)
    }
    return self.reason == new.reason ? nil : reason("reason", self.reason, new.reason)
  }
}
