/// `backorder.filled`: units that waited are reserved now.
public struct BackorderFilled: Payload {
  /// The backorder.
  public var backorderID: String
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// Number of the order line.
  public var line: Int32
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Units of this fill.
  public var quantity: Int64
  /// Units that still wait; 0: filled.
  public var remaining: Int64
  /// Where the units of this fill lie.
  public var allocations: [LocationQuantity]

  /// From values that are known to keep the rules of the wire format.
  public init(
    backorderID: String,
    orderID: OrderID,
    line: Int32,
    sku: SKU,
    quantity: Int64,
    remaining: Int64,
    allocations: [LocationQuantity]
  ) {
    self.backorderID = backorderID
    self.orderID = orderID
    self.line = line
    self.sku = sku
    self.quantity = quantity
    self.remaining = remaining
    self.allocations = allocations
  }
}

extension BackorderFilled {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var backorderID: String?
    var orderID: OrderID?
    var line: Int32?
    var sku: SKU?
    var quantity: Int64?
    var remaining: Int64?
    var allocations: [LocationQuantity]?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .backorderID: backorderID = try json.key(bytes, .backorderID)
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      case .remaining: remaining = try json.integer(bytes, .remaining, Limits.partialQuantity)
      case .allocations: allocations = try json.array(bytes, .allocations, 0...10000)
      default: try object.skip(&json, bytes)
      }
    }
    self.backorderID = try WireField.backorderID.required(backorderID)
    self.orderID = try WireField.orderID.required(orderID)
    self.line = try WireField.line.required(line)
    self.sku = try WireField.sku.required(sku)
    self.quantity = try WireField.quantity.required(quantity)
    self.remaining = try WireField.remaining.required(remaining)
    self.allocations = try WireField.allocations.required(allocations)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.backorderID, backorderID)
    json.member(.orderID, orderID)
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.quantity, quantity)
    json.member(.remaining, remaining)
    json.member(.allocations, allocations)
    json.endObject()
  }
}
