/// `order.cancelled`: what is not shipped is no longer wanted.
public struct OrderCancelled: Payload {
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// Why, in the publisher's words.
  public var reason: String?

  /// From values that are known to keep the rules of the wire format.
  public init(orderID: OrderID, reason: String? = nil) {
    self.orderID = orderID
    self.reason = reason
  }
}

extension OrderCancelled {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var orderID: OrderID?
    var reason: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .reason: reason = try json.takeNull(bytes) ? nil : json.text(bytes, .reason, 0...500)
      default: try object.skip(&json, bytes)
      }
    }
    self.orderID = try WireField.orderID.required(orderID)
    self.reason = reason
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.orderID, orderID)
    json.member(.reason, reason)
    json.endObject()
  }
}
