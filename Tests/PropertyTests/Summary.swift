import Contracts

@testable import Allocation
@testable import Stock

extension World {
  /// Everything that an outsider can ask for, as text: equal worlds have equal summaries.
  ///
  /// - Parameter counters: Also the sequences and episodes, which tell how often something was said.
  func summary(counters: Bool = true) -> [String] {
    var lines: [String] = []
    for item in items.values {
      lines.append("sku \(item.sku) owed \(item.owed) safety \(item.safetyStock) \(item.alert) \(item.isRegistered)")
      if counters { lines.append("sku \(item.sku) sequence \(item.sequence) episode \(item.episode)") }
      // A message that is refused may leave the row of a place behind: with nothing in it, it says nothing.
      for balance in item.balances where balance.seq > 0 || balance.isGuarded {
        let place = "stock \(item.sku) \(balance.location)\(balance.lot)"
        lines.append(
          "\(place) \(balance.onHand) there \(balance.reserved) reserved \(balance.damaged) \(balance.qualityControl) "
            + "safety \(balance.safetyStock) \(balance.alert)")
        if counters { lines.append("\(place) seq \(balance.seq) episode \(balance.episode)") }
      }
    }
    for order in orders.values {
      lines.append("order \(order.id) \(order.state) \(order.closedReason ?? "")")
      if counters { lines.append("order \(order.id) sequence \(order.sequence)") }
      for line in order.lines {
        lines.append(
          "line \(order.id)/\(line.number) \(line.sku) \(line.reserved) \(line.backordered) \(line.shipped) "
            + "\(line.cancelled) of \(line.ordered)")
        for reservation in line.reservations where reservation.open > 0 {
          lines.append("reserved \(order.id)/\(line.number) \(reservation.location) \(reservation.open)")
        }
      }
    }
    for shipment in records.shipments.values { lines.append("shipment \(shipment.id) \(shipment.state)") }
    return lines.sorted()
  }
}

extension Balance {
  /// Whether a policy speaks of it.
  fileprivate var isGuarded: Bool { safetyStock > 0 || band != AlertBand(reorderPoint: 0, recoverPoint: 1) }
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
