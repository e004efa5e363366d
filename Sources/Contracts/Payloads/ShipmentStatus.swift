/// `shipment.status`: how a shipment fares, as its carrier says.
public struct ShipmentStatus: Payload {
  /// The shipment; unique for ever.
  public var shipmentID: ShipmentID
  /// What the carrier says of it.
  public var status: CarrierStatus
  /// When it happened, by the carrier's clock.
  public var timestamp: Timestamp
  /// Where that was, as far as it is known.
  public var location: Coordinates?
  /// Why it failed, in the carrier's words.
  public var reason: String?

  /// From values that are known to keep the rules of the wire format.
  public init(
    shipmentID: ShipmentID,
    status: CarrierStatus,
    timestamp: Timestamp,
    location: Coordinates? = nil,
    reason: String? = nil
  ) {
    self.shipmentID = shipmentID
    self.status = status
    self.timestamp = timestamp
    self.location = location
    self.reason = reason
  }
}

extension ShipmentStatus {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var shipmentID: ShipmentID?
    var status: CarrierStatus?
    var timestamp: Timestamp?
    var location: Coordinates?
    var reason: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .shipmentID: shipmentID = try json.identifier(bytes, .shipmentID)
      case .status: status = try json.choice(bytes, .status)
      case .timestamp: timestamp = try json.timestamp(bytes, .timestamp)
      case .location: location = try json.takeNull(bytes) ? nil : json.nested(bytes, .location)
      case .reason: reason = try json.takeNull(bytes) ? nil : json.text(bytes, .reason, 0...500)
      default: try object.skip(&json, bytes)
      }
    }
    self.shipmentID = try WireField.shipmentID.required(shipmentID)
    self.status = try WireField.status.required(status)
    self.timestamp = try WireField.timestamp.required(timestamp)
    self.location = location
    self.reason = reason
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.shipmentID, shipmentID)
    json.member(.status, status)
    json.member(.timestamp, timestamp)
    json.member(.location, location)
    json.member(.reason, reason)
    json.endObject()
  }
}
