import Contracts
import Messaging
import Stock

/// A shipment; its order's lock protects it.
public final class Shipment {
  /// Units of an order line that left a location.
  public struct Part: Hashable, Sendable {
    /// Number of the order line.
    public let line: Int32
    /// Where they left.
    public let location: LocationID
    /// Of which lot they are; empty where there is none.
    public let lot: String
    /// How many.
    public internal(set) var quantity: Int64
  }

  /// Its id, unique for ever.
  public let id: ShipmentID
  /// Whose units it carries.
  public let order: OrderID
  /// Who carries it.
  public let carrier: String?
  /// The carrier's number of it.
  public let trackingNumber: String?
  /// When it left, by the publisher's clock.
  public let dispatchedAt: Timestamp
  /// What left, one per order line, location and lot.
  public internal(set) var parts: [Part] = []
  /// Where it stands.
  public internal(set) var state: ShipmentState
  /// When the status happened that the state follows from, by the carrier's clock.
  public internal(set) var statusAt: Timestamp?
  /// When it was last heard of, by our clock.
  public internal(set) var heardAt: Timestamp
  /// When it was announced as overdue.
  public internal(set) var overdueAt: Timestamp?

  let isNew: Bool
  var isChanged = false

  /// A shipment that is booked now.
  init(_ dispatched: ShipmentDispatched, at time: Timestamp, recordedAt now: Timestamp) {
    id = dispatched.shipmentID
    order = dispatched.orderID
    carrier = dispatched.carrier
    trackingNumber = dispatched.trackingNumber
    dispatchedAt = time
    state = .dispatched
    heardAt = now
    isNew = true
  }

  /// A shipment as loaded, without its parts.
  init(
    loaded id: ShipmentID, order: OrderID, carrier: String?, trackingNumber: String?, dispatchedAt: Timestamp,
    state: ShipmentState, statusAt: Timestamp?, heardAt: Timestamp, overdueAt: Timestamp?
  ) {
    self.id = id
    self.order = order
    self.carrier = carrier
    self.trackingNumber = trackingNumber
    self.dispatchedAt = dispatchedAt
    self.state = state
    self.statusAt = statusAt
    self.heardAt = heardAt
    self.overdueAt = overdueAt
    isNew = false
  }

  /// Units in it.
  var total: Int64 { parts.reduce(0) { $0 + $1.quantity } }

  /// Units of an order's line in it.
  func units(of line: Int32) -> Int64 { parts.reduce(0) { $1.line == line ? $0 + $1.quantity : $0 } }

  /// Adds units that left.
  func add(_ quantity: Int64, line: Int32, location: LocationID, lot: String) {
    if let known = parts.firstIndex(where: { $0.line == line && $0.location == location && $0.lot == lot }) {
      parts[known].quantity += quantity
    } else {
      parts.append(Part(line: line, location: location, lot: lot, quantity: quantity))
    }
  }

  /// The first field in which a repetition differs. Of an erased customer's shipment neither carrier nor number is
  /// kept; which product a line is of is known of its order.
  func contradiction(with new: ShipmentDispatched, _ order: Order?) -> Reason? {
    func reason(_ field: String, _ known: String?, _ value: String?) -> Reason {
      Reason(
        .contradiction, field: "data.\(field)", value: value ?? "absent",
        rule: "must stay \(known ?? "absent"): shipment \(id) was published with it before")
    }
    if self.order != new.orderID { return reason("order_id", self.order.value, new.orderID.value) }
    let difference = Repeated.difference(
      of: parts.map { ("line \($0.line) at \($0.location)", $0.quantity) },
      and: new.lines.map { ("line \($0.line) at \($0.locationID)", $0.quantity) })
    if let difference { return reason("lines", difference.known, difference.new) }
    for (index, part) in new.lines.enumerated() {
      guard let sku = part.sku, let known = order?.line(part.line)?.sku, sku != known else { continue }
      return reason("lines[\(index)].sku", known.value, sku.value)
    }
    guard order?.isErased != true else { return nil }
    if carrier != new.carrier { return reason("carrier", carrier, new.carrier) }
    return trackingNumber == new.trackingNumber
      ? nil : reason("tracking_number", trackingNumber, new.trackingNumber)
  }
}
