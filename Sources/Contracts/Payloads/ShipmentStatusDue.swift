/// `shipment.status.due`: a sweeper found a shipment of which nothing was heard for long.
public struct ShipmentStatusDue: Payload {
  /// The shipment; unique for ever.
  public var shipmentID: ShipmentID
  /// When something was last heard of it, by our clock.
  public var silentSince: Timestamp

  /// From values that are known to keep the rules of the wire format.
  public init(shipmentID: ShipmentID, silentSince: Timestamp) {
    self.shipmentID = shipmentID
    self.silentSince = silentSince
  }
}

extension ShipmentStatusDue {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var shipmentID: ShipmentID?
    var silentSince: Timestamp?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .shipmentID: shipmentID = try json.identifier(bytes, .shipmentID)
      case .silentSince: silentSince = try json.timestamp(bytes, .silentSince)
      default: try object.skip(&json, bytes)
      }
    }
    self.shipmentID = try WireField.shipmentID.required(shipmentID)
    self.silentSince = try WireField.silentSince.required(silentSince)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.shipmentID, shipmentID)
    json.member(.silentSince, silentSince)
    json.endObject()
  }
}
