/// `backorders.due`: a sweeper found stock that could fill backorders which wait for it.
public struct BackordersDue: Payload {
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// The order that can be filled as a whole, where it is about one: its policy lets no part of it be filled.
  public var orderID: OrderID?

  /// From values that are known to keep the rules of the wire format.
  public init(sku: SKU, orderID: OrderID? = nil) {
    self.sku = sku
    self.orderID = orderID
  }
}

extension BackordersDue {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var sku: SKU?
    var orderID: OrderID?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .sku: sku = try json.identifier(bytes, .sku)
      case .orderID: orderID = try json.takeNull(bytes) ? nil : json.identifier(bytes, .orderID)
      default: try object.skip(&json, bytes)
      }
    }
    self.sku = try WireField.sku.required(sku)
    self.orderID = orderID
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.sku, sku)
    json.member(.orderID, orderID)
    json.endObject()
  }
}
