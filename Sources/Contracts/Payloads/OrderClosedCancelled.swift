/// `order.closed_cancelled`: nothing of the order is open any more, because it was cancelled.
public struct OrderClosedCancelled: Payload {
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// The customer who ordered, where it is known.
  public var customerID: CustomerID?
  /// Why, in the words of whoever cancelled.
  public var reason: String?

  /// From values that are known to keep the rules of the wire format.
  public init(orderID: OrderID, customerID: CustomerID? = nil, reason: String? = nil) {
    self.orderID = orderID
    self.customerID = customerID
    self.reason = reason
  }
}

extension OrderClosedCancelled {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var orderID: OrderID?
    var customerID: CustomerID?
    var reason: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .customerID: customerID = try json.takeNull(bytes) ? nil : json.identifier(bytes, .customerID)
      case .reason: reason = try json.takeNull(bytes) ? nil : json.text(bytes, .reason, 0...500)
      default: try object.skip(&json, bytes)
      }
    }
    self.orderID = try WireField.orderID.required(orderID)
    self.customerID = customerID
    self.reason = reason
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.orderID, orderID)
    json.member(.customerID, customerID)
    json.member(.reason, reason)
    json.endObject()
  }
}
