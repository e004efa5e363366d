import Contracts

/// What people read about an event.
struct Wording {
  let subject: String
  let text: String

  /// A mail lists at most this many lines of an order.
  static let listedLines = 50

  init(subject: String, text: String) {
    self.subject = subject
    self.text = text
  }

  /// Nil for an event that is nobody's news.
  init?(_ event: Event) {
    switch event {
    case .stockLow(let level): self.init(low: level)
    case .stockOut(let level): self.init(out: level)
    case .lotExpired(let lot): self.init(expired: lot)
    case .backorderCreated(let backorder): self.init(backorder)
    case .reservationBumped(let bumped): self.init(bumped)
    case .orderReserved(let answer): self.init(reserved: answer)
    case .orderPartiallyShipped(let shipment): self.init(partlyShipped: shipment)
    case .orderShipped(let shipment): self.init(shipped: shipment)
    case .shipmentInTransit(let progress): self.init(inTransit: progress)
    case .shipmentDelivered(let progress): self.init(delivered: progress)
    case .shipmentFailed(let failed): self.init(failed: failed)
    case .shipmentOverdue(let overdue): self.init(overdue: overdue)
    default: return nil
    }
  }

  // MARK: Stock

  private init(low level: StockLevel) {
    subject = "Low stock: \(level.sku) \(Wording.place(level)), \(level.available) left"
    text = """
      \(level.sku) is running low \(Wording.place(level)).

        Left:            \(level.available)
        Reorder point:   \(level.reorderPoint)

      \(Wording.silence(level, until: "runs out or "))

      Shortage \(level.episodeID)

      """
  }

  private init(out level: StockLevel) {
    subject = "Out of stock: \(level.sku) \(Wording.place(level))"
    let consequence =
      level.locationID == nil
      ? "New orders for it will wait for stock." : "Orders for it are served from elsewhere, as far as it is there."
    text = """
      Nothing is left of \(level.sku) \(Wording.place(level)). \(consequence)

        Reorder point:   \(level.reorderPoint)

      \(Wording.silence(level, until: ""))

      Shortage \(level.episodeID)

      """
  }

  private init(expired lot: LotExpired) {
    subject = "Expired: lot \(lot.lot) of \(lot.sku), \(lot.onHand) on hand"
    text = """
      Lot \(lot.lot) of \(lot.sku) has expired. Nothing of it is promised to new orders.

        Expired:    \(lot.expiresAt.rfc3339)
        On hand:    \(lot.onHand)
        Reserved:   \(lot.reserved), promised before: whether they may ship is yours to say

      Where it lies:

      \(Wording.list(lot.locations.map { "\($0.quantity) at \($0.locationID)" }))

      """
  }

  private static func place(_ level: StockLevel) -> String {
    level.locationID.map { "at \($0)" } ?? "over all locations"
  }

  private static func silence(_ level: StockLevel, until other: String) -> String {
    "No more mail about this until it \(other)is back at \(level.recoverPoint) or more."
  }

  // MARK: Orders

  private init(_ backorder: BackorderCreated) {
    subject = "Backorder: order \(backorder.orderID) waits for \(backorder.quantity) x \(backorder.sku)"
    text = """
      There is not enough stock for order \(backorder.orderID).

        Waiting:    \(backorder.quantity) x \(backorder.sku) (line \(backorder.line))
        Customer:   \(backorder.customerID)
        Backorder:  \(backorder.backorderID)

      It is filled by itself, in its turn, when stock arrives.

      """
  }

  private init(_ bumped: ReservationBumped) {
    subject = "Promise broken: order \(bumped.orderID) loses \(bumped.quantity) x \(bumped.sku)"
    text = """
      \(bumped.quantity) x \(bumped.sku) were reserved for order \(bumped.orderID) at \(bumped.locationID).
      They are not there any more.

        Line:       \(bumped.line)
        Customer:   \(bumped.customerID)
        Because:    \(bumped.reason) (\(bumped.reference))
        Waiting:    \(bumped.backordered)
        Cancelled:  \(bumped.cancelled)

      What waits is filled by itself, in its turn, when stock arrives.

      """
  }

  private init(reserved answer: OrderAnswer) {
    // What has shipped or was cancelled is in none of its places.
    let isRest = answer.lines.contains { $0.reserved < $0.ordered }
    subject = (isRest ? "The rest of order" : "Order") + " \(answer.orderID) is reserved"
    let lines = answer.lines.filter { $0.reserved > 0 }.map { line in
      let places = line.allocations.map { "\($0.quantity) at \($0.locationID)" }.joined(separator: ", ")
      return "\(line.reserved) x \(line.sku)" + (places.isEmpty ? "" : " (\(places))")
    }
    text = """
      \(isRest ? "The rest" : "All") of order \(answer.orderID) is reserved and can be picked.

        Customer:   \(answer.customerID)

      \(Wording.list(lines))

      """
  }

  private init(shipped shipment: OrderShipment) {
    subject = "Order \(shipment.orderID) has shipped" + Wording.carrier(of: shipment)
    text = """
      Order \(shipment.orderID) is on its way: nothing of it is left to ship.

      \(Wording.contents(of: shipment))

      """
  }

  private init(partlyShipped shipment: OrderShipment) {
    subject = "A part of order \(shipment.orderID) has shipped" + Wording.carrier(of: shipment)
    text = """
      A part of order \(shipment.orderID) is on its way. More of it is still to be shipped.

      \(Wording.contents(of: shipment))

      """
  }

  private static func carrier(of shipment: OrderShipment) -> String {
    shipment.carrier.flatMap { $0.isEmpty ? nil : " with \($0)" } ?? ""
  }

  private static func contents(of shipment: OrderShipment) -> String {
    let carrier = shipment.carrier.flatMap { $0.isEmpty ? nil : $0 }
    let tracking = shipment.trackingNumber.flatMap { $0.isEmpty ? nil : $0 }
    let lines = shipment.lines.map { line in
      let rest = [(line.reserved, "reserved"), (line.backordered, "waiting for stock")].compactMap { units, what in
        units.flatMap { $0 > 0 ? "\($0) \(what)" : nil }
      }
      return "\(line.quantity) x \(line.sku) from \(line.locationID)"
        + (rest.isEmpty ? "" : "; of the line are left: " + rest.joined(separator: ", "))
    }
    return """
        Customer:   \(shipment.customerID)
        Shipment:   \(shipment.shipmentID)
        Carrier:    \(carrier ?? "not stated")
        Tracking:   \(tracking ?? "none")

      In this shipment:

      \(list(lines))
      """
  }

  static func list(_ lines: [String]) -> String {
    let more = lines.count - listedLines
    let listed = lines.prefix(listedLines).map { "  " + $0 }
    return (more > 0 ? listed + ["  and \(more) more"] : listed).joined(separator: "\n")
  }
}
