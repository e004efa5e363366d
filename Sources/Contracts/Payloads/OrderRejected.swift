/// `order.rejected`: the order was not accepted.
public struct OrderRejected: Payload {
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// The customer who ordered, where it is known.
  public var customerID: CustomerID?
  /// Code of the reason.
  public var reason: OrderRejectionReason
  /// The reason for people.
  public var detail: String

  /// From values that are known to keep the rules of the wire format.
  public init(orderID: OrderID, customerID: CustomerID? = nil, reason: OrderRejectionReason, detail: String) {
    self.orderID = orderID
    self.customerID = customerID
    self.reason = reason
    self.detail = detail
  }
}

extension OrderRejected {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var orderID: OrderID?
    var customerID: CustomerID?
    var reason: OrderRejectionReason?
    var detail: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .customerID: customerID = try json.takeNull(bytes) ? nil : json.identifier(bytes, .customerID)
      case .reason: reason = try json.choice(bytes, .reason)
      case .detail: detail = try json.text(bytes, .detail, 0...1000)
      default: try object.skip(&json, bytes)
      }
    }
    self.orderID = try WireField.orderID.required(orderID)
    self.customerID = customerID
    self.reason = try WireField.reason.required(reason)
    self.detail = try WireField.detail.required(detail)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.orderID, orderID)
    json.member(.customerID, customerID)
    json.member(.reason, reason)
    json.member(.detail, detail)
    json.endObject()
  }
}
