/// `hold.due`: the time of an order's hold has come.
public struct HoldDue: Payload {
  /// The order; unique in one installation.
  public var orderID: OrderID

  /// From values that are known to keep the rules of the wire format.
  public init(orderID: OrderID) {
    self.orderID = orderID
  }
}

extension HoldDue {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var orderID: OrderID?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      default: try object.skip(&json, bytes)
      }
    }
    self.orderID = try WireField.orderID.required(orderID)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.orderID, orderID)
    json.endObject()
  }
}
