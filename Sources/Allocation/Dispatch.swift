import Contracts
import Messaging
import Stock

// shipment.dispatched: what left has left, like a count. It falls out of on hand and reserved together; where its own
// promise is gone or too small, other promises have to give way.

extension AllocationDecisions {
  func dispatch(_ shipment: ShipmentDispatched) -> Disposition {
    if let known = state.shipments[shipment.shipmentID] {
      guard let contradiction = known.contradiction(with: shipment, stock.order(known.order)) else {
        return .unchanged("the shipment is booked already")
      }
      return .notApplied(contradiction)
    }
    guard let order = stock.order(shipment.orderID), !order.isTombstone else {
      return .notApplied(unknownOrder(shipment.orderID))
    }
    if let obstacle = obstacle(to: shipment, order) ?? shortage(of: shipment, order) { return .notApplied(obstacle) }
    let booked = Shipment(shipment, at: message.envelope.time, recordedAt: now)
    let waited = order.lines.filter { $0.backordered > 0 }.map(\.number)
    let events = leave(shipment, order, as: booked)
    // What has begun to leave is meant, also when it should come back.
    stock.endHold(of: order)
    stock.refresh(order)
    state.shipments[booked.id] = booked
    let told = follow.event(shipped(shipment, order), order: order.id, sequence: order.nextSequence())
    // A line that waited already goes on waiting: its backorder is not a new one.
    let waiting = order.lines.filter { $0.backordered > 0 && !waited.contains($0.number) }
    return .applied(events + [told] + backordersCreated(waiting, of: order))
  }

  // MARK: What cannot be true, or not yet

  /// What makes the shipment wrong: another SKU than its line's for good; a line that its order does not have, or more
  /// than is ordered, unless an amendment is on its way.
  private func obstacle(to shipment: ShipmentDispatched, _ order: Order) -> Reason? {
    var leaving: [Int32: Int64] = [:]
    for (index, part) in shipment.lines.enumerated() {
      let path = "data.lines[\(index)]"
      guard let line = order.line(part.line) else {
        return Reason(
          .unknownLine, field: "\(path).line", value: "\(part.line)", rule: "must be a line of order \(order.id)")
      }
      if let sku = part.sku, sku != line.sku {
        return Reason(.wrongLine, field: "\(path).sku", value: sku.value, rule: "must be \(line.sku), the line's SKU")
      }
      leaving[part.line, default: 0] += part.quantity
      let left = line.ordered - line.shipped
      if leaving[part.line, default: 0] > left {
        return Reason(
          .moreThanOpen, field: "\(path).quantity", value: "\(part.quantity)",
          rule: "must not exceed the \(left) units of the line that were ordered and have not left")
      }
    }
    return nil
  }

  /// What may merely not be booked yet: stock that has left cannot be less than nothing.
  private func shortage(of shipment: ShipmentDispatched, _ order: Order) -> Reason? {
    var leaving: [Place: Int64] = [:]
    for (index, part) in shipment.lines.enumerated() {
      guard let line = order.line(part.line) else { continue }
      let place = Place(sku: line.sku, location: part.locationID)
      leaving[place, default: 0] += part.quantity
      // Of a product that nobody has registered yet nothing can be anywhere.
      let item = stock.item(line.sku)
      let (wanted, usable) = (leaving[place, default: 0], item?.usable(at: part.locationID) ?? 0)
      let field = "data.lines[\(index)].quantity"
      if wanted > usable {
        return Reason(
          .notOnHand, field: field, value: "\(part.quantity)",
          rule: "must not exceed the \(usable) units of \(line.sku) that are at \(part.locationID), "
            + "not damaged and not held")
      }
      let balances = item?.balances ?? []
      let available = balances.reduce(0) { $1.location == part.locationID ? $0 + $1.available : $0 }
      if wanted - available > stock.promised(line.sku, at: part.locationID) {
        // Orders that came with this batch hold the rest: the next attempt sees them.
        return Reason(
          .notReserved, field: field, value: "\(part.quantity)",
          rule: "must be free at \(part.locationID), or reserved there for orders that are known")
      }
    }
    return nil
  }

  // MARK: What leaves

  /// Takes everything from the order's own promises first; what these do not hold, from what is free or others' there.
  private func leave(_ shipment: ShipmentDispatched, _ order: Order, as booked: Shipment) -> [OutgoingEvent] {
    let cause = cause(shipment.shipmentID.value)
    var missing: [(line: OrderLine, location: LocationID, quantity: Int64)] = []
    for part in shipment.lines {
      guard let line = order.line(part.line) else { continue }
      let lots = stock.ship(part.quantity, of: line, from: part.locationID, cause)
      for (lot, quantity) in lots {
        booked.add(quantity, line: line.number, location: part.locationID, lot: lot)
      }
      let left = part.quantity - lots.reduce(0) { $0 + $1.quantity }
      if left > 0 { missing.append((line, part.locationID, left)) }
    }
    var events: [OutgoingEvent] = []
    for part in missing { events += take(part.quantity, for: part.line, of: order, at: part.location, booked, cause) }
    return events
  }

  private func take(
    _ quantity: Int64, for line: OrderLine, of order: Order, at location: LocationID, _ booked: Shipment, _ cause: Cause
  ) -> [OutgoingEvent] {
    guard let item = stock.item(line.sku) else { return [] }
    var left = quantity
    var events: [OutgoingEvent] = []
    func send(from balance: Balance) {
      let taken = min(left, balance.available)
      guard taken > 0 else { return }
      events += claim(taken, for: line, of: order, at: balance)
      for (lot, units) in stock.ship(taken, of: line, from: location, cause) {
        booked.add(units, line: line.number, location: location, lot: lot)
      }
      left -= taken
    }
    // What is free goes first; only then others' promises give way.
    let sources = item.sources(at: location)
    for balance in sources where left > 0 { send(from: balance) }
    for balance in sources where left > 0 && balance.reserved > 0 {
      let bumped = stock.bump(min(left, balance.reserved), from: balance, because: "dispatched", shipping: order, cause)
      events += news(bumped, shipping: order)
      send(from: balance)
    }
    return events
  }

  /// Reserves for a line what it has no promise of at this balance: units of it that wait, then those promised
  /// elsewhere, then those that were cancelled.
  private func claim(
    _ quantity: Int64, for line: OrderLine, of order: Order, at balance: Balance
  ) -> [OutgoingEvent] {
    let cause = cause(order.id.value)
    var events: [OutgoingEvent] = []
    let waiting = min(quantity, line.backordered)
    let policy = LocationPolicy.dispatched
    if waiting > 0 { stock.fill(waiting, of: line, from: balance, policy: policy, candidates: "", cause) }
    var left = quantity - waiting
    for reservation in line.reservations where left > 0 && reservation.open > 0 && !(reservation.isAt(balance)) {
      let taken = stock.withdraw(left, from: reservation, of: line, cause)
      guard taken > 0 else { continue }
      left -= taken
      events.append(released(taken, of: line, order, at: reservation.location, because: "left_elsewhere"))
    }
    if left > 0 { stock.reinstate(left, of: line) }
    if quantity > waiting {
      stock.reserve(quantity - waiting, for: line, at: balance, policy: policy, candidates: "", cause)
    }
    return events
  }

  func released(
    _ quantity: Int64, of line: OrderLine, _ order: Order, at location: LocationID, because reason: String
  ) -> OutgoingEvent {
    let released = ReservationReleased(
      orderID: order.id, line: line.number, sku: line.sku, locationID: location, quantity: quantity, reason: reason)
    return follow.event(.reservationReleased(released), order: order.id, sequence: order.nextSequence())
  }

  /// What orders' owners have to hear, each in the sequence of its order. The order that ships may lose a promise of
  /// another line: what of that line waits then is told after the shipment, when all of it is decided.
  private func news(_ news: [OrderNews], shipping order: Order) -> [OutgoingEvent] {
    news.filter { $0.order != order.id || $0.event.type == .reservationBumped }.compactMap { item in
      stock.order(item.order).map { follow.event(item.event, order: $0.id, sequence: $0.nextSequence()) }
    }
  }

  private func shipped(_ shipment: ShipmentDispatched, _ order: Order) -> Event {
    let event = OrderShipment(
      orderID: order.id, customerID: order.owner, shipmentID: shipment.shipmentID, carrier: shipment.carrier,
      trackingNumber: shipment.trackingNumber,
      lines: shipment.lines.compactMap { part in
        guard let line = order.line(part.line) else { return nil }
        return OrderShipment.Line(
          line: line.number, sku: line.sku, ordered: line.ordered, shipped: line.shipped, cancelled: line.cancelled,
          reserved: line.reserved, backordered: line.backordered, locationID: part.locationID, quantity: part.quantity)
      })
    return order.state == .shipped ? .orderShipped(event) : .orderPartiallyShipped(event)
  }
}

extension StockItem {
  /// The balances of a location in the order in which they go out. The one without a lot is last: it stands for all of
  /// them, and what is claimed of it would be claimed of a lot as long as there is one.
  fileprivate func sources(at location: LocationID) -> [Balance] {
    balances.filter { $0.location == location }.sorted { one, other in
      if one.lot.isEmpty != other.lot.isEmpty { return other.lot.isEmpty }
      let (end, othersEnd) = (one.expiresAt?.microseconds ?? .max, other.expiresAt?.microseconds ?? .max)
      return (end, one.lot) < (othersEnd, other.lot)
    }
  }
}

extension Reservation {
  fileprivate func isAt(_ balance: Balance) -> Bool { location == balance.location && lot == balance.lot }
}

// MARK: Whose promises may have to give way

extension AllocationState {
  /// Units that the batch's shipments may have to take from others' promises: where a shipment's own promise is too
  /// small, all that leaves there, and all that the loaded orders hold there and may give back before.
  func bumpDemands() -> [WorkingSet.BumpDemand] {
    var wanted: [Claim: Int64] = [:]
    var leaving: [Place: Int64] = [:]
    for shipment in dispatched where shipments[shipment.shipmentID] == nil {
      guard let order = stock.order(shipment.orderID) else { continue }
      for part in shipment.lines {
        guard let line = order.line(part.line) else { continue }
        wanted[Claim(order: order.id, line: part.line, location: part.locationID), default: 0] += part.quantity
        leaving[Place(sku: line.sku, location: part.locationID), default: 0] += part.quantity
      }
    }
    var places: Set<Place> = []
    for (claim, quantity) in wanted {
      guard let line = stock.order(claim.order)?.line(claim.line) else { continue }
      guard quantity > line.openReserved(at: claim.location) else { continue }
      places.insert(Place(sku: line.sku, location: claim.location))
    }
    return places.flatMap { (place: Place) -> [WorkingSet.BumpDemand] in
      let there = (stock.item(place.sku)?.balances ?? []).filter { $0.location == place.location }
      // Where enough is free nobody has to give way, and who has been promised what need not be looked up: that reads
      // the ledger back to the oldest promise that is open.
      let free = there.reduce(Int64(0)) { $0 + $1.available }
      if let others = reserving.most(of: place.sku), free - others >= leaving[place, default: 0] { return [] }
      let units = leaving[place, default: 0] + stock.promised(place.sku, at: place.location)
      return there.map { balance in WorkingSet.BumpDemand(units, of: balance) }
    }
  }

  private struct Claim: Hashable {
    let order: OrderID
    let line: Int32
    let location: LocationID
  }
}

/// A SKU at a location.
struct Place: Hashable {
  let sku: SKU
  let location: LocationID
}
