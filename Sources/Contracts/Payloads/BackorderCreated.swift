/// `backorder.created`: a line waits for stock.
public struct BackorderCreated: Payload {
  /// The backorder.
  public var backorderID: String
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// The customer who ordered.
  public var customerID: CustomerID
  /// Number of the order line.
  public var line: Int32
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Units that wait.
  public var quantity: Int64

  /// From values that are known to keep the rules of the wire format.
  public init(backorderID: String, orderID: OrderID, customerID: CustomerID, line: Int32, sku: SKU, quantity: Int64) {
    self.backorderID = backorderID
    self.orderID = orderID
    self.customerID = customerID
    self.line = line
    self.sku = sku
    self.quantity = quantity
  }
}

extension BackorderCreated {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var backorderID: String?
    var orderID: OrderID?
    var customerID: CustomerID?
    var line: Int32?
    var sku: SKU?
    var quantity: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .backorderID: backorderID = try json.key(bytes, .backorderID)
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .customerID: customerID = try json.identifier(bytes, .customerID)
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.backorderID = try WireField.backorderID.required(backorderID)
    self.orderID = try WireField.orderID.required(orderID)
    self.customerID = try WireField.customerID.required(customerID)
    self.line = try WireField.line.required(line)
    self.sku = try WireField.sku.required(sku)
    self.quantity = try WireField.quantity.required(quantity)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.backorderID, backorderID)
    json.member(.orderID, orderID)
    json.member(.customerID, customerID)
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.quantity, quantity)
    json.endObject()
  }
}
