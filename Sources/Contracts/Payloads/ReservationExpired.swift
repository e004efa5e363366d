/// `reservation.expired`: reserved units are free again: the order's hold was not confirmed in time.
public struct ReservationExpired: Payload {
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// Number of the order line.
  public var line: Int32
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Where the stock lies.
  public var locationID: LocationID
  /// Units of the product, 1 to 1,000,000,000.
  public var quantity: Int64

  /// From values that are known to keep the rules of the wire format.
  public init(orderID: OrderID, line: Int32, sku: SKU, locationID: LocationID, quantity: Int64) {
    self.orderID = orderID
    self.line = line
    self.sku = sku
    self.locationID = locationID
    self.quantity = quantity
  }
}

extension ReservationExpired {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var orderID: OrderID?
    var line: Int32?
    var sku: SKU?
    var locationID: LocationID?
    var quantity: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.orderID = try WireField.orderID.required(orderID)
    self.line = try WireField.line.required(line)
    self.sku = try WireField.sku.required(sku)
    self.locationID = try WireField.locationID.required(locationID)
    self.quantity = try WireField.quantity.required(quantity)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.orderID, orderID)
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.quantity, quantity)
    json.endObject()
  }
}
