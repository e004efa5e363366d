/// Units at one location.
public struct LocationQuantity: Payload {
  /// Where the stock lies.
  public var locationID: LocationID
  /// Units of the product, 1 to 1,000,000,000.
  public var quantity: Int64

  /// From values that are known to keep the rules of the wire format.
  public init(locationID: LocationID, quantity: Int64) {
    self.locationID = locationID
    self.quantity = quantity
  }
}

extension LocationQuantity {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var locationID: LocationID?
    var quantity: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.locationID = try WireField.locationID.required(locationID)
    self.quantity = try WireField.quantity.required(quantity)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.locationID, locationID)
    json.member(.quantity, quantity)
    json.endObject()
  }
}
