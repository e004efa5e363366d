import Contracts
import Messaging
import Stock

// return.received: goods come back from a customer, to stock, to quality control or to be thrown away.

extension AllocationDecisions {
  func takeBack(_ request: ReturnReceived) -> Disposition {
    let order: Order?
    do { order = try self.order(of: request) } catch { return .notApplied(error) }
    if let known = state.returns.known[request.returnID] {
      guard let contradiction = known.contradiction(with: request, order) else {
        return .unchanged("the return is booked already")
      }
      return .notApplied(contradiction)
    }
    let parts: [Returns.Part]
    do { parts = try resolve(request, order) } catch { return .notApplied(error) }
    let record = Returns.Record(
      id: request.returnID, order: order?.id, shipment: request.shipmentID, reason: request.reason, parts: parts)
    state.returns.known[record.id] = record
    state.returns.new.append(record)
    let cause = cause(record.id.value)
    return .applied(parts.compactMap { book($0, of: record, cause) })
  }

  private func book(_ part: Returns.Part, of record: Returns.Record, _ cause: Cause) -> OutgoingEvent? {
    guard let item = stock.item(part.sku), let balance = item.balance(at: part.location, lot: part.lot) else {
      return nil
    }
    stock.takeReturn(part.quantity, to: balance, part.booked, cause)
    if let order = record.order, let line = part.line {
      state.returns.count(part.quantity, of: line, order, with: record.shipment)
    }
    let place = item.balance(at: part.location) ?? balance
    let returned = StockReturned(
      returnID: record.id, orderID: record.order, line: part.line, sku: part.sku, locationID: part.location,
      lot: part.lot.isEmpty ? nil : LotID(trusted: part.lot), quantity: part.quantity, disposition: part.booked,
      onHand: place.levelOnHand, available: place.level)
    return follow.event(
      .stockReturned(returned), sku: part.sku, sequence: item.nextSequence(),
      correlation: record.order?.value ?? record.id.value)
  }

  // MARK: What is meant

  /// The order that the goods were of: the one that is named, or that of the shipment.
  private func order(of request: ReturnReceived) throws(Reason) -> Order? {
    var id = request.orderID
    if let shipmentID = request.shipmentID {
      guard let shipment = state.shipments[shipmentID] else {
        throw Reason(
          .unknownShipment, field: "data.shipment_id", value: shipmentID.value,
          rule: "must be a shipment dispatched before")
      }
      if let named = id, named != shipment.order {
        throw Reason(
          .wrongLine, field: "data.order_id", value: named.value,
          rule: "must be \(shipment.order), the order of shipment \(shipmentID)")
      }
      id = shipment.order
    }
    guard let id else { return nil }
    guard let order = stock.order(id), !order.isTombstone else { throw unknownOrder(id) }
    return order
  }

  /// Finds product, order line and balance of everything that came back; nothing is changed yet.
  private func resolve(_ request: ReturnReceived, _ order: Order?) throws(Reason) -> [Returns.Part] {
    var parts: [Returns.Part] = []
    var used: [Int32: Int64] = [:]
    var coming: [WorkingSet.Place: Int64] = [:]
    for (index, line) in request.lines.enumerated() {
      let path = "data.lines[\(index)]"
      let sku = try product(of: line, order, path)
      guard let item = stock.item(sku), item.isRegistered else {
        throw Reason(
          .unknownSKU, field: "\(path).sku", value: sku.value, rule: "must be registered by product.registered")
      }
      guard item.balance(at: line.locationID) != nil else {
        throw Reason(
          .unknownLocation, field: "\(path).location_id", value: line.locationID.value,
          rule: "must be registered by location.registered")
      }
      for part in try assign(line, sku, order, with: request.shipmentID, &used, path) {
        let shares = try lots(of: part, line, item, order, with: request.shipmentID, path)
        for share in shares { try admit(share, of: item, &coming, line, path) }
        parts += shares
      }
    }
    return parts
  }

  /// Whether there is a balance for it, with room.
  private func admit(
    _ part: Returns.Part, of item: StockItem, _ coming: inout [WorkingSet.Place: Int64], _ line: ReturnReceived.Line,
    _ path: String
  ) throws(Reason) {
    guard let balance = item.balance(at: part.location, lot: part.lot) else {
      // What left of it is decided in this batch: the next attempt finds it before it locks.
      throw Reason(
        .moreThanShipped, field: "\(path).quantity", value: "\(line.quantity)",
        rule: "must be of a shipment that is booked, so that its lots are known")
    }
    let lot = part.lot.isEmpty ? nil : LotID(trusted: part.lot)
    let place = WorkingSet.Place(part.sku, part.location, lot: lot)
    coming[place, default: 0] += part.quantity
    guard balance.onHand <= WorkingSet.maximumOnHand - coming[place, default: 0] else {
      throw Reason(
        .tooMuchStock, field: "\(path).quantity", value: "\(line.quantity)",
        rule: "must not raise a location's stock above \(WorkingSet.maximumOnHand)")
    }
  }

  private func product(
    of line: ReturnReceived.Line, _ order: Order?, _ path: String
  ) throws(Reason) -> SKU {
    guard let order, let number = line.line else { return line.sku ?? SKU(trusted: "") }
    guard let known = order.line(number) else {
      throw Reason(
        .unknownLine, field: "\(path).line", value: "\(number)", rule: "must be a line of order \(order.id)")
    }
    if let sku = line.sku, sku != known.sku {
      throw Reason(.wrongLine, field: "\(path).sku", value: sku.value, rule: "must be \(known.sku), the line's SKU")
    }
    return known.sku
  }

  /// Divides what came back over the order's lines of the product, by number: never more of a line than is out of it.
  private func assign(
    _ line: ReturnReceived.Line, _ sku: SKU, _ order: Order?, with shipment: ShipmentID?, _ used: inout [Int32: Int64],
    _ path: String
  ) throws(Reason) -> [Returns.Part] {
    func part(_ number: Int32?, _ quantity: Int64) -> Returns.Part {
      Returns.Part(
        line: number, sku: sku, location: line.locationID, quantity: quantity, disposal: line.disposition)
    }
    guard let order else { return [part(nil, line.quantity)] }
    var left = line.quantity
    var parts: [Returns.Part] = []
    for candidate in order.lines where left > 0 && candidate.sku == sku {
      if let number = line.line, number != candidate.number { continue }
      let taken = min(left, out(candidate, of: order, with: shipment) - used[candidate.number, default: 0])
      guard taken > 0 else { continue }
      used[candidate.number, default: 0] += taken
      left -= taken
      parts.append(part(candidate.number, taken))
    }
    guard left == 0 else {
      throw Reason(
        .moreThanShipped, field: "\(path).quantity", value: "\(line.quantity)",
        rule: "must not exceed the \(line.quantity - left) units of it that "
          + (shipment.map { "left with shipment \($0)" } ?? "were shipped") + " and have not come back")
    }
    return parts
  }

  /// Units of a line that have left and not come back: with the shipment that is named, else with any.
  ///
  /// What came back for the order alone may be of any of its shipments, so that it bounds their sum only.
  private func out(_ line: OrderLine, of order: Order, with shipment: ShipmentID?) -> Int64 {
    let returned = state.returns.returned[.init(order: order.id, line: line.number), default: 0]
    guard let shipment else { return line.shipped - returned }
    // Of one that failed its carrier has brought everything back.
    guard let named = state.shipments[shipment], named.state != .failed else { return 0 }
    let returnedOf = state.returns.returnedOf[.init(shipment: shipment, line: line.number), default: 0]
    return min(line.shipped - returned, named.units(of: line.number) - returnedOf)
  }
}

extension Returns.Record {
  /// The first field in which a repetition differs. Of an erased customer's order the reason is not kept.
  fileprivate func contradiction(with new: ReturnReceived, _ order: Order?) -> Reason? {
    func reason(_ field: String, _ known: String?, _ value: String?) -> Reason {
      Reason(
        .contradiction, field: "data.\(field)", value: value ?? "absent",
        rule: "must stay \(known ?? "absent"): return \(id) was published with it before")
    }
    if self.order != order?.id { return reason("order_id", self.order?.value, order?.id.value) }
    if shipment != new.shipmentID { return reason("shipment_id", shipment?.value, new.shipmentID?.value) }
    if self.reason != new.reason, order?.isErased != true { return reason("reason", self.reason, new.reason) }
    let difference = Repeated.difference(
      of: parts.map { ("\($0.sku) to \($0.disposal.rawValue) at \($0.location)", $0.quantity) },
      and: new.lines.map { line in
        let sku = line.sku ?? line.line.flatMap { order?.line($0)?.sku }
        return ("\(sku?.value ?? "") to \(line.disposition.rawValue) at \(line.locationID)", line.quantity)
      })
    return difference.map { reason("lines", $0.known, $0.new) }
  }
}
