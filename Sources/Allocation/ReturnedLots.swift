import Contracts
import Messaging
import Postgres
import Stock

// Of which lot goods are that come back. Who reports them often does not know; what left with their shipment does.

extension AllocationDecisions {
  /// Divides what came back of an order's line over its lots.
  ///
  /// A lot that is named is believed. Otherwise what comes back is of the lot that left; where several did, all of it
  /// is of all of them. Of less than that nobody knows of which it is: then it is taken for the one that goes out
  /// first, so that nothing is sold after its time, and waits in quality control for somebody to look.
  ///
  /// - Parameter part: What came back of a product or of an order's line; no more than is out of it.
  func lots(
    of part: Returns.Part, _ line: ReturnReceived.Line, _ item: StockItem, _ order: Order?,
    with shipment: ShipmentID?, _ path: String
  ) throws(Reason) -> [Returns.Part] {
    if let lot = line.lot {
      guard item.lots[lot.value] != nil else {
        throw Reason(
          .unknownLot, field: "\(path).lot", value: lot.value,
          rule: "must be a lot of \(item.sku) that goods.received has brought")
      }
      return [part.share(part.quantity, ofLot: lot.value)]
    }
    let left = lotsThatLeft(part.line, of: order, with: shipment, item)
    guard let first = left.first else { return [item.cameInLots ? part.toBeChecked() : part] }
    if left.count == 1 { return [part.share(part.quantity, ofLot: first.lot)] }
    if left.reduce(0, { $0 + $1.quantity }) == part.quantity {
      return left.map { part.share($0.quantity, ofLot: $0.lot) }
    }
    return [part.share(part.quantity, ofLot: first.lot).toBeChecked()]
  }

  /// What left of a line and has not failed, by lot: with the shipment that is named, else with any of the order's; in
  /// the order in which lots go out.
  private func lotsThatLeft(
    _ number: Int32?, of order: Order?, with shipment: ShipmentID?, _ item: StockItem
  ) -> [(lot: String, quantity: Int64)] {
    guard let order, let number else { return [] }
    var left: [String: Int64] = [:]
    for candidate in state.shipments.values where candidate.order == order.id && candidate.state != .failed {
      if let shipment, candidate.id != shipment { continue }
      for part in candidate.parts where part.line == number { left[part.lot, default: 0] += part.quantity }
    }
    func rank(_ lot: String) -> (Int64, Int, String) {
      (item.lots[lot]?.expiresAt?.microseconds ?? .max, lot.isEmpty ? 1 : 0, lot)
    }
    return left.sorted { rank($0.key) < rank($1.key) }.map { (lot: $0.key, quantity: $0.value) }
  }
}

extension Returns.Part {
  /// So many units of it, of a lot.
  fileprivate func share(_ quantity: Int64, ofLot lot: String) -> Returns.Part {
    var share = self
    share.quantity = quantity
    share.lot = lot
    return share
  }

  /// It is not sold before somebody has looked at it.
  fileprivate func toBeChecked() -> Returns.Part {
    var part = self
    if disposal == .stock { part.booked = .qualityControl }
    return part
  }
}

// MARK: Where lots come back to

extension ReturnStatements {
  /// The lots that left of the orders that these returns name, or whose shipments they name; each with the return's
  /// number.
  static let lots = Statement(
    name: "return_order_lots",
    sql: """
      select distinct k.number, l.line_no, o.sku, l.lot
      from unnest($1::text[], $2::text[]) with ordinality as k (order_id, shipment_id, number)
      left join shipments n on n.shipment_id = k.shipment_id
      join shipments s on s.order_id = coalesce(k.order_id, n.order_id)
      join shipment_lines l on l.shipment_id = s.shipment_id
      join order_lines o on o.order_id = s.order_id and o.line_no = l.line_no
      where l.lot <> ''
      """)
}

extension AllocationState {
  /// Loads the lots, and what there is of those that are used up and may come back, from a carrier or from a customer.
  func loadLots(on database: Connection) throws {
    try stock.loadUsedUpLots(at: placesOfFailures, on: database)
    try stock.loadLots(on: database)
    // What left of an order says of which lots it was.
    let strange = returns.requested.filter { $0.orderID == nil && $0.shipmentID == nil }
    let unnamed = Set(strange.flatMap(\.lines).filter { $0.lot == nil }.compactMap(\.sku))
    try stock.loadLotHistory(of: unnamed, on: database)
  }

  /// Where shipments of lots left from that their carriers report as failed.
  private var placesOfFailures: Set<WorkingSet.Place> {
    var places: Set<WorkingSet.Place> = []
    for status in requestedStatuses where status.status == .failed {
      guard let shipment = shipments[status.shipmentID], let order = stock.order(shipment.order) else { continue }
      for part in shipment.parts where !part.lot.isEmpty {
        guard let line = order.line(part.line) else { continue }
        places.insert(.init(line.sku, part.location, lot: LotID(trusted: part.lot)))
      }
    }
    return places
  }

  /// The balances of the lots that may come back, as far as they are known before the locks.
  func expectLotsOfReturns(on database: Connection) throws {
    let unnamed = returns.requested.filter {
      ($0.orderID != nil || $0.shipmentID != nil) && $0.lines.contains { $0.lot == nil }
    }
    guard !unnamed.isEmpty else { return }
    let found = try database.query(
      ReturnStatements.lots, [.texts(unnamed.map(\.orderID?.value)), .texts(unnamed.map(\.shipmentID?.value))])
    for row in 0..<found.count {
      keys.places.formUnion(
        unnamed[Int(found.int(row, 0)) - 1].places(
          ofLot: found.text(row, 3), line: found.int4(row, 1), SKU(trusted: found.text(row, 2))))
    }
  }

  /// A shipment may have been booked between the unlocked look and the locks: then its lots have no balance yet where
  /// they come back to.
  func requireLotsOfReturnsLocked() throws {
    for request in returns.requested {
      let id = request.orderID ?? request.shipmentID.flatMap { shipments[$0]?.order }
      guard let id, let order = stock.order(id) else { continue }
      for shipment in shipments.values where shipment.order == id {
        for part in shipment.parts where !part.lot.isEmpty {
          guard let sku = order.line(part.line)?.sku else { continue }
          let missing = request.places(ofLot: part.lot, line: part.line, sku).subtracting(keys.places)
          if let place = missing.first { throw NeedsMoreRows("lot \(part.lot) of \(sku) at \(place.location)") }
        }
      }
    }
  }
}

extension ReturnReceived {
  /// Where units of an order's line that left as this lot may come back to.
  fileprivate func places(ofLot lot: String, line number: Int32, _ sku: SKU) -> Set<WorkingSet.Place> {
    let lines = lines.filter { $0.lot == nil && ($0.line.map { $0 == number } ?? ($0.sku == sku)) }
    return Set(lines.map { WorkingSet.Place(sku, $0.locationID, lot: LotID(trusted: lot)) })
  }
}
