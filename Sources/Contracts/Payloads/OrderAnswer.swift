/// The answer to an order that was accepted: `order.reserved`, `order.partially_reserved` or `order.backordered`.
public struct OrderAnswer: Payload {
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// The customer who ordered.
  public var customerID: CustomerID
  /// Each line with where its units lie.
  public var lines: [Line]

  /// From values that are known to keep the rules of the wire format.
  public init(orderID: OrderID, customerID: CustomerID, lines: [Line]) {
    self.orderID = orderID
    self.customerID = customerID
    self.lines = lines
  }
}

extension OrderAnswer {
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

extension OrderAnswer {
  /// One line: `ordered = reserved + backordered + shipped + cancelled`.
  public struct Line: Payload {
    /// Number of the order line.
    public var line: Int32
    /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
    public var sku: SKU
    /// Units ordered.
    public var ordered: Int64
    /// Units reserved now.
    public var reserved: Int64
    /// Units waiting for stock.
    public var backordered: Int64
    /// Units shipped so far.
    public var shipped: Int64
    /// Units cancelled.
    public var cancelled: Int64
    /// Why units are cancelled; absent where none are, and where more happened than the answer to `order.created`.
    public var reason: LineRefusalReason?
    /// Where the reserved units lie.
    public var allocations: [LocationQuantity]

    /// From values that are known to keep the rules of the wire format.
    public init(
      line: Int32,
      sku: SKU,
      ordered: Int64,
      reserved: Int64,
      backordered: Int64,
      shipped: Int64,
      cancelled: Int64,
      reason: LineRefusalReason? = nil,
      allocations: [LocationQuantity]
    ) {
      self.line = line
      self.sku = sku
      self.ordered = ordered
      self.reserved = reserved
      self.backordered = backordered
      self.shipped = shipped
      self.cancelled = cancelled
      self.reason = reason
      self.allocations = allocations
    }
  }
}

extension OrderAnswer.Line {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var line: Int32?
    var sku: SKU?
    var ordered: Int64?
    var reserved: Int64?
    var backordered: Int64?
    var shipped: Int64?
    var cancelled: Int64?
    var reason: LineRefusalReason?
    var allocations: [LocationQuantity]?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .ordered: ordered = try json.integer(bytes, .ordered, Limits.quantity)
      case .reserved: reserved = try json.integer(bytes, .reserved, Limits.partialQuantity)
      case .backordered: backordered = try json.integer(bytes, .backordered, Limits.partialQuantity)
      case .shipped: shipped = try json.integer(bytes, .shipped, Limits.partialQuantity)
      case .cancelled: cancelled = try json.integer(bytes, .cancelled, Limits.partialQuantity)
      case .reason: reason = try json.takeNull(bytes) ? nil : json.choice(bytes, .reason)
      case .allocations: allocations = try json.array(bytes, .allocations, 0...10000)
      default: try object.skip(&json, bytes)
      }
    }
    self.line = try WireField.line.required(line)
    self.sku = try WireField.sku.required(sku)
    self.ordered = try WireField.ordered.required(ordered)
    self.reserved = try WireField.reserved.required(reserved)
    self.backordered = try WireField.backordered.required(backordered)
    self.shipped = try WireField.shipped.required(shipped)
    self.cancelled = try WireField.cancelled.required(cancelled)
    self.reason = reason
    self.allocations = try WireField.allocations.required(allocations)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.ordered, ordered)
    json.member(.reserved, reserved)
    json.member(.backordered, backordered)
    json.member(.shipped, shipped)
    json.member(.cancelled, cancelled)
    json.member(.reason, reason?.rawValue)
    json.member(.allocations, allocations)
    json.endObject()
  }
}
