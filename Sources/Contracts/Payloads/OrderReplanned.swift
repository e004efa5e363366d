/// `order.replanned`: the order was planned anew after an amendment or the cancellation of lines.
public struct OrderReplanned: Payload {
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// The customer who ordered.
  public var customerID: CustomerID
  /// Of the amendment in force, where there is one.
  public var revision: Int64?
  /// Each line as it is now, with where its units lie; a line that was taken away is left out.
  public var lines: [OrderAnswer.Line]

  /// From values that are known to keep the rules of the wire format.
  public init(orderID: OrderID, customerID: CustomerID, revision: Int64? = nil, lines: [OrderAnswer.Line]) {
    self.orderID = orderID
    self.customerID = customerID
    self.revision = revision
    self.lines = lines
  }
}

extension OrderReplanned {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var orderID: OrderID?
    var customerID: CustomerID?
    var revision: Int64?
    var lines: [OrderAnswer.Line]?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .customerID: customerID = try json.identifier(bytes, .customerID)
      case .revision: revision = try json.takeNull(bytes) ? nil : json.integer(bytes, .revision, Limits.revision)
      case .lines: lines = try json.array(bytes, .lines, 1...Limits.lines)
      default: try object.skip(&json, bytes)
      }
    }
    self.orderID = try WireField.orderID.required(orderID)
    self.customerID = try WireField.customerID.required(customerID)
    self.revision = revision
    self.lines = try WireField.lines.required(lines)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.orderID, orderID)
    json.member(.customerID, customerID)
    json.member(.revision, revision)
    json.member(.lines, lines)
    json.endObject()
  }
}
