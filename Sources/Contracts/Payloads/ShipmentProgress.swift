/// A shipment is on its way, or has arrived: `shipment.in_transit` or `shipment.delivered`.
public struct ShipmentProgress: Payload {
  /// The shipment; unique for ever.
  public var shipmentID: ShipmentID
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// The customer who ordered.
  public var customerID: CustomerID
  /// Who carries the shipment.
  public var carrier: String?
  /// The carrier's number of the shipment.
  public var trackingNumber: String?
  /// When it happened, by the carrier's clock.
  public var timestamp: Timestamp
  /// Where that was, as far as it is known.
  public var location: Coordinates?

  /// From values that are known to keep the rules of the wire format.
  public init(
    shipmentID: ShipmentID,
    orderID: OrderID,
    customerID: CustomerID,
    carrier: String? = nil,
    trackingNumber: String? = nil,
    timestamp: Timestamp,
    location: Coordinates? = nil
  ) {
    self.shipmentID = shipmentID
    self.orderID = orderID
    self.customerID = customerID
    self.carrier = carrier
    self.trackingNumber = trackingNumber
    self.timestamp = timestamp
    self.location = location
  }
}

extension ShipmentProgress {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var shipmentID: ShipmentID?
    var orderID: OrderID?
    var customerID: CustomerID?
    var carrier: String?
    var trackingNumber: String?
    var timestamp: Timestamp?
    var location: Coordinates?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .shipmentID: shipmentID = try json.identifier(bytes, .shipmentID)
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .customerID: customerID = try json.identifier(bytes, .customerID)
      case .carrier: carrier = try json.takeNull(bytes) ? nil : json.text(bytes, .carrier, 0...100)
      case .trackingNumber: trackingNumber = try json.takeNull(bytes) ? nil : json.text(bytes, .trackingNumber, 0...200)
      case .timestamp: timestamp = try json.timestamp(bytes, .timestamp)
      case .location: location = try json.takeNull(bytes) ? nil : json.nested(bytes, .location)
      default: try object.skip(&json, bytes)
      }
    }
    self.shipmentID = try WireField.shipmentID.required(shipmentID)
    self.orderID = try WireField.orderID.required(orderID)
    self.customerID = try WireField.customerID.required(customerID)
    self.carrier = carrier
    self.trackingNumber = trackingNumber
    self.timestamp = try WireField.timestamp.required(timestamp)
    self.location = location
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.shipmentID, shipmentID)
    json.member(.orderID, orderID)
    json.member(.customerID, customerID)
    json.member(.carrier, carrier)
    json.member(.trackingNumber, trackingNumber)
    json.member(.timestamp, timestamp)
    json.member(.location, location)
    json.endObject()
  }
}
