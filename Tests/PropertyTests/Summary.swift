import Contracts

@testable import Allocation
@testable import Inventory
@testable import Stock

extension World {
  /// Everything that an outsider can ask for, as text: equal worlds have equal summaries.
  ///
  /// - Parameter counters: Also the sequences and episodes, which tell how often something was said.
  func summary(counters: Bool = true) -> [String] {
    var lines: [String] = []
    for item in items.values {
      lines.append(
        "sku \(item.sku) owed \(item.owed) safety \(item.safetyStock) \(item.alert) \(item.isRegistered) "
          + (item.isDiscontinued ? "discontinued" : "sold"))
      if counters { lines.append("sku \(item.sku) sequence \(item.sequence) episode \(item.episode)") }
      lines += item.lots.map { name, lot in
        "lot \(item.sku)/\(name) \(lot.expiresAt?.rfc3339 ?? "no end") \(lot.reportedAt == nil ? "" : "reported")"
      }
      for balance in item.balances {
        let place = "stock \(item.sku) \(balance.location)/\(balance.lot)"
        lines.append(
          "\(place) \(balance.onHand) there \(balance.reserved) reserved \(balance.damaged) \(balance.qualityControl) "
            + "safety \(balance.safetyStock) \(balance.alert)")
        if counters { lines.append("\(place) seq \(balance.seq) episode \(balance.episode)") }
      }
    }
    for order in orders.values {
      let terms = "\(order.holdUntil?.rfc3339 ?? "free") revision \(order.revision ?? 0)"
      lines.append("order \(order.id) \(order.state) \(terms) \(order.closedReason ?? "")")
      if counters { lines.append("order \(order.id) sequence \(order.sequence)") }
      for line in order.lines {
        lines.append(
          "line \(order.id)/\(line.number) \(line.sku) \(line.reserved) \(line.backordered) \(line.shipped) "
            + "\(line.cancelled) of \(line.ordered) called off \(line.calledOff) \(line.isClosed ? "closed" : "")")
        for reservation in line.reservations where reservation.open > 0 {
          let place = "\(reservation.location)/\(reservation.lot)"
          lines.append("reserved \(order.id)/\(line.number) \(place) \(reservation.open)")
        }
      }
    }
    return (lines + papers).sorted()
  }
}

extension World {
  /// Shipments, products and what is remembered of documents.
  private var papers: [String] {
    var lines = records.shipments.values.map { shipment in
      "shipment \(shipment.id) \(shipment.state) \(shipment.parts.map { "\($0)" }.sorted())"
    }
    lines += records.products.map { "product \($0) \($1.content.name) \($1.content.barcodes) \($1.content.units)" }
    lines += records.papers.holds.known.map { "hold \($0) \($1.open) of \($1.paper.quantity)" }
    lines += records.transfers.known.map { "transfer \($0) \($1.state) \($1.lines.map { [$0.received, $0.lost] })" }
    lines += records.returns.returned.map { "returned \($0.order)/\($0.line) \($1)" }
    lines += records.returns.returnedOf.map { "returned \($0.shipment)/\($0.line) \($1)" }
    for ids in [
      records.papers.counts.known.keys.map(\.value), records.papers.adjustments.known.keys.map(\.value),
      records.papers.releases.known.keys.map(\.value), records.returns.known.keys.map(\.value),
      records.plans.keys.map(\.value), records.transfers.knownArrivals.keys.map(\.value),
    ] {
      lines += ids.map { "paper \($0)" }
    }
    return lines
  }
}

/// Units that lie ready for a carrier.
struct OpenReservation: Hashable {
  let order: OrderID
  let line: Int32
  let location: LocationID
  let quantity: Int64
}

extension World {
  /// What is reserved, by order, line and place.
  var openReservations: [OpenReservation] {
    var open: [OpenReservation] = []
    for order in orders.values.sorted(by: { $0.id < $1.id }) {
      for line in order.lines where line.reserved > 0 {
        for location in Set(line.reservations.filter { $0.open > 0 }.map(\.location)).sorted() {
          open.append(
            OpenReservation(
              order: order.id, line: line.number, location: location, quantity: line.openReserved(at: location)))
        }
      }
    }
    return open
  }
}
