/// `shipment.replanned`: units that cannot be shipped as planned are planned anew, or given up.
public struct ShipmentReplanned: Payload {
  /// The refusal or failure of the plan; unique for ever.
  public var planID: PlanID
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// The customer who ordered.
  public var customerID: CustomerID
  /// What was asked for.
  public var action: PlanAction
  /// What became of the units.
  public var lines: [Line]

  /// From values that are known to keep the rules of the wire format.
  public init(planID: PlanID, orderID: OrderID, customerID: CustomerID, action: PlanAction, lines: [Line]) {
    self.planID = planID
    self.orderID = orderID
    self.customerID = customerID
    self.action = action
    self.lines = lines
  }
}

extension ShipmentReplanned {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var planID: PlanID?
    var orderID: OrderID?
    var customerID: CustomerID?
    var action: PlanAction?
    var lines: [Line]?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .planID: planID = try json.identifier(bytes, .planID)
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .customerID: customerID = try json.identifier(bytes, .customerID)
      case .action: action = try json.choice(bytes, .action)
      case .lines: lines = try json.array(bytes, .lines, 1...Limits.lines)
      default: try object.skip(&json, bytes)
      }
    }
    self.planID = try WireField.planID.required(planID)
    self.orderID = try WireField.orderID.required(orderID)
    self.customerID = try WireField.customerID.required(customerID)
    self.action = try WireField.action.required(action)
    self.lines = try WireField.lines.required(lines)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.planID, planID)
    json.member(.orderID, orderID)
    json.member(.customerID, customerID)
    json.member(.action, action)
    json.member(.lines, lines)
    json.endObject()
  }
}

extension ShipmentReplanned {
  /// Units of a line at a location, and what became of them.
  public struct Line: Payload {
    /// Number of the order line.
    public var line: Int32
    /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
    public var sku: SKU
    /// Where they were reserved.
    public var locationID: LocationID
    /// Units of the product, 1 to 1,000,000,000.
    public var quantity: Int64
    /// Units of them that are reserved again.
    public var reserved: Int64
    /// Units of them that wait for stock.
    public var backordered: Int64
    /// Units of them that will not be delivered.
    public var cancelled: Int64

    /// From values that are known to keep the rules of the wire format.
    public init(
      line: Int32,
      sku: SKU,
      locationID: LocationID,
      quantity: Int64,
      reserved: Int64,
      backordered: Int64,
      cancelled: Int64
    ) {
      self.line = line
      self.sku = sku
      self.locationID = locationID
      self.quantity = quantity
      self.reserved = reserved
      self.backordered = backordered
      self.cancelled = cancelled
    }
  }
}

extension ShipmentReplanned.Line {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var line: Int32?
    var sku: SKU?
    var locationID: LocationID?
    var quantity: Int64?
    var reserved: Int64?
    var backordered: Int64?
    var cancelled: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      case .reserved: reserved = try json.integer(bytes, .reserved, Limits.partialQuantity)
      case .backordered: backordered = try json.integer(bytes, .backordered, Limits.partialQuantity)
      case .cancelled: cancelled = try json.integer(bytes, .cancelled, Limits.partialQuantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.line = try WireField.line.required(line)
    self.sku = try WireField.sku.required(sku)
    self.locationID = try WireField.locationID.required(locationID)
    self.quantity = try WireField.quantity.required(quantity)
    self.reserved = try WireField.reserved.required(reserved)
    self.backordered = try WireField.backordered.required(backordered)
    self.cancelled = try WireField.cancelled.required(cancelled)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.quantity, quantity)
    json.member(.reserved, reserved)
    json.member(.backordered, backordered)
    json.member(.cancelled, cancelled)
    json.endObject()
  }
}
