/// `order.amended`: an order is wanted otherwise than it was created.
public struct OrderAmended: Payload {
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// Counts the amendments of the order, from 1: of two, the one with the higher number is in force.
  public var revision: Int64
  /// Every line as it should be from now on, 1 to 1,000: one that is not named is taken away.
  public var lines: [Line]

  /// From values that are known to keep the rules of the wire format.
  public init(orderID: OrderID, revision: Int64, lines: [Line]) {
    self.orderID = orderID
    self.revision = revision
    self.lines = lines
  }
}

extension OrderAmended {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var orderID: OrderID?
    var revision: Int64?
    var lines: [Line]?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .revision: revision = try json.integer(bytes, .revision, Limits.revision)
      case .lines: lines = try json.array(bytes, .lines, 1...Limits.lines)
      default: try object.skip(&json, bytes)
      }
    }
    self.orderID = try WireField.orderID.required(orderID)
    self.revision = try WireField.revision.required(revision)
    self.lines = try WireField.lines.required(lines).distinct(in: "order")
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.orderID, orderID)
    json.member(.revision, revision)
    json.member(.lines, lines)
    json.endObject()
  }
}

extension OrderAmended {
  /// One line of an order as it should be.
  public struct Line: Payload {
    /// Number of the order line.
    public var line: Int32
    /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
    public var sku: SKU
    /// Units of the product, 1 to 1,000,000,000.
    public var quantity: Int64

    /// From values that are known to keep the rules of the wire format.
    public init(line: Int32, sku: SKU, quantity: Int64) {
      self.line = line
      self.sku = sku
      self.quantity = quantity
    }
  }
}

extension OrderAmended.Line: NumberedLine {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var line: Int32?
    var sku: SKU?
    var quantity: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.line = try WireField.line.required(line)
    self.sku = try WireField.sku.required(sku)
    self.quantity = try WireField.quantity.required(quantity)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.quantity, quantity)
    json.endObject()
  }
}
