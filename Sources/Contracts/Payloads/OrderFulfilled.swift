/// `order.fulfilled`: all of an order is delivered or cancelled.
public struct OrderFulfilled: Payload {
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// The customer who ordered.
  public var customerID: CustomerID
  /// How its lines ended.
  public var lines: [Line]

  /// From values that are known to keep the rules of the wire format.
  public init(orderID: OrderID, customerID: CustomerID, lines: [Line]) {
    self.orderID = orderID
    self.customerID = customerID
    self.lines = lines
  }
}

extension OrderFulfilled {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var orderID: OrderID?
    var customerID: CustomerID?
    var lines: [Line]?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .customerID: customerID = try json.identifier(bytes, .customerID)
      case .lines: lines = try json.array(bytes, .lines, 1...Limits.lines)
      default: try object.skip(&json, bytes)
      }
    }
    self.orderID = try WireField.orderID.required(orderID)
    self.customerID = try WireField.customerID.required(customerID)
    self.lines = try WireField.lines.required(lines)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.orderID, orderID)
    json.member(.customerID, customerID)
    json.member(.lines, lines)
    json.endObject()
  }
}

extension OrderFulfilled {
  /// How a line of the order ended.
  public struct Line: Payload {
    /// Number of the order line.
    public var line: Int32
    /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
    public var sku: SKU
    /// Units ordered.
    public var ordered: Int64
    /// Units delivered.
    public var delivered: Int64
    /// Units cancelled.
    public var cancelled: Int64

    /// From values that are known to keep the rules of the wire format.
    public init(line: Int32, sku: SKU, ordered: Int64, delivered: Int64, cancelled: Int64) {
      self.line = line
      self.sku = sku
      self.ordered = ordered
      self.delivered = delivered
      self.cancelled = cancelled
    }
  }
}

extension OrderFulfilled.Line {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var line: Int32?
    var sku: SKU?
    var ordered: Int64?
    var delivered: Int64?
    var cancelled: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .ordered: ordered = try json.integer(bytes, .ordered, Limits.quantity)
      case .delivered: delivered = try json.integer(bytes, .delivered, Limits.partialQuantity)
      case .cancelled: cancelled = try json.integer(bytes, .cancelled, Limits.partialQuantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.line = try WireField.line.required(line)
    self.sku = try WireField.sku.required(sku)
    self.ordered = try WireField.ordered.required(ordered)
    self.delivered = try WireField.delivered.required(delivered)
    self.cancelled = try WireField.cancelled.required(cancelled)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.ordered, ordered)
    json.member(.delivered, delivered)
    json.member(.cancelled, cancelled)
    json.endObject()
  }
}
