import Contracts

// What people read about shipments after their dispatch.

extension Wording {
  init(inTransit shipment: ShipmentProgress) {
    self.init(
      subject: "Shipment \(shipment.shipmentID) of order \(shipment.orderID) is on its way",
      text: """
        The carrier has shipment \(shipment.shipmentID) of order \(shipment.orderID).

        \(Wording.facts(shipment))

        """)
  }

  init(delivered shipment: ShipmentProgress) {
    self.init(
      subject: "Shipment \(shipment.shipmentID) of order \(shipment.orderID) has arrived",
      text: """
        Shipment \(shipment.shipmentID) of order \(shipment.orderID) was delivered.

        \(Wording.facts(shipment))

        """)
  }

  init(failed shipment: ShipmentFailed) {
    let lines = shipment.lines.map { line in
      let becomes = [
        (line.reserved, "reserved again"), (line.backordered, "waiting for stock"), (line.cancelled, "cancelled"),
      ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
      let lot = line.lot.map { " (lot \($0))" } ?? ""
      return "\(line.quantity) x \(line.sku)\(lot) to \(line.locationID): \(becomes)"
    }
    let reason = shipment.reason.flatMap { $0.isEmpty ? nil : $0 }
    self.init(
      subject: "Shipment \(shipment.shipmentID) of order \(shipment.orderID) could not be delivered",
      text: """
        Shipment \(shipment.shipmentID) of order \(shipment.orderID) comes back.

          Customer:   \(shipment.customerID)
          Carrier:    \(Wording.stated(shipment.carrier))
          Tracking:   \(Wording.stated(shipment.trackingNumber))
          Reason:     \(reason ?? "not stated")

        What comes back waits in quality control. The order was planned anew:

        \(Wording.list(lines))

        """)
  }

  init(overdue shipment: ShipmentOverdue) {
    self.init(
      subject: "Shipment \(shipment.shipmentID) of order \(shipment.orderID) is overdue",
      text: """
        Nothing was heard of shipment \(shipment.shipmentID) of order \(shipment.orderID) since
        \(shipment.silentSince.rfc3339). Please ask the carrier.

          Customer:   \(shipment.customerID)
          Carrier:    \(Wording.stated(shipment.carrier))
          Tracking:   \(Wording.stated(shipment.trackingNumber))

        No more mail about this shipment's silence.

        """)
  }

  private static func facts(_ shipment: ShipmentProgress) -> String {
    let place = shipment.location.map { "\n  Place:      \($0.lat), \($0.lng)" } ?? ""
    return """
        Customer:   \(shipment.customerID)
        Carrier:    \(stated(shipment.carrier))
        Tracking:   \(stated(shipment.trackingNumber))
        Time:       \(shipment.timestamp.rfc3339)\(place)
      """
  }

  private static func stated(_ text: String?) -> String {
    text.flatMap { $0.isEmpty ? nil : $0 } ?? "not stated"
  }
}
