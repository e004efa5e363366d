/// What a shipment did to its order: `order.partially_shipped` or `order.shipped`.
public struct OrderShipment: Payload {
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// The customer who ordered.
  public var customerID: CustomerID
  /// The shipment; unique for ever.
  public var shipmentID: ShipmentID
  /// Who carries the shipment.
  public var carrier: String?
  /// The carrier's number of the shipment.
  public var trackingNumber: String?
  /// What left, and how its order line stands.
  public var lines: [Line]

  /// From values that are known to keep the rules of the wire format.
  public init(
    orderID: OrderID,
    customerID: CustomerID,
    shipmentID: ShipmentID,
    carrier: String? = nil,
    trackingNumber: String? = nil,
    lines: [Line]
  ) {
    self.orderID = orderID
    self.customerID = customerID
    self.shipmentID = shipmentID
    self.carrier = carrier
    self.trackingNumber = trackingNumber
    self.lines = lines
  }
}

extension OrderShipment {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var orderID: OrderID?
    var customerID: CustomerID?
    var shipmentID: ShipmentID?
    var carrier: String?
    var trackingNumber: String?
    var lines: [Line]?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .customerID: customerID = try json.identifier(bytes, .customerID)
      case .shipmentID: shipmentID = try json.identifier(bytes, .shipmentID)
      case .carrier: carrier = try json.takeNull(bytes) ? nil : json.text(bytes, .carrier, 0...100)
      case .trackingNumber: trackingNumber = try json.takeNull(bytes) ? nil : json.text(bytes, .trackingNumber, 0...200)
      case .lines: lines = try json.array(bytes, .lines, 1...Limits.lines)
      default: try object.skip(&json, bytes)
      }
    }
    self.orderID = try WireField.orderID.required(orderID)
    self.customerID = try WireField.customerID.required(customerID)
    self.shipmentID = try WireField.shipmentID.required(shipmentID)
    self.carrier = carrier
    self.trackingNumber = trackingNumber
    self.lines = try WireField.lines.required(lines)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.orderID, orderID)
    json.member(.customerID, customerID)
    json.member(.shipmentID, shipmentID)
    json.member(.carrier, carrier)
    json.member(.trackingNumber, trackingNumber)
    json.member(.lines, lines)
    json.endObject()
  }
}

extension OrderShipment {
  /// One line of the shipment and its order line after it.
  public struct Line: Payload {
    /// Number of the order line.
    public var line: Int32
    /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
    public var sku: SKU
    /// Units ordered.
    public var ordered: Int64
    /// Units shipped so far, this shipment included.
    public var shipped: Int64
    /// Units cancelled.
    public var cancelled: Int64
    /// Units still reserved.
    public var reserved: Int64?
    /// Units that still wait for stock.
    public var backordered: Int64?
    /// Where the stock lies.
    public var locationID: LocationID
    /// Units of this shipment.
    public var quantity: Int64

    /// From values that are known to keep the rules of the wire format.
    public init(
      line: Int32,
      sku: SKU,
      ordered: Int64,
      shipped: Int64,
      cancelled: Int64,
      reserved: Int64? = nil,
      backordered: Int64? = nil,
      locationID: LocationID,
      quantity: Int64
    ) {
      self.line = line
      self.sku = sku
      self.ordered = ordered
      self.shipped = shipped
      self.cancelled = cancelled
      self.reserved = reserved
      self.backordered = backordered
      self.locationID = locationID
      self.quantity = quantity
    }
  }
}

extension OrderShipment.Line {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var line: Int32?
    var sku: SKU?
    var ordered: Int64?
    var shipped: Int64?
    var cancelled: Int64?
    var reserved: Int64?
    var backordered: Int64?
    var locationID: LocationID?
    var quantity: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .ordered: ordered = try json.integer(bytes, .ordered, Limits.quantity)
      case .shipped: shipped = try json.integer(bytes, .shipped, Limits.partialQuantity)
      case .cancelled: cancelled = try json.integer(bytes, .cancelled, Limits.partialQuantity)
      case .reserved:
        reserved = try json.takeNull(bytes) ? nil : json.integer(bytes, .reserved, Limits.partialQuantity)
      case .backordered:
        backordered = try json.takeNull(bytes) ? nil : json.integer(bytes, .backordered, Limits.partialQuantity)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.line = try WireField.line.required(line)
    self.sku = try WireField.sku.required(sku)
    self.ordered = try WireField.ordered.required(ordered)
    self.shipped = try WireField.shipped.required(shipped)
    self.cancelled = try WireField.cancelled.required(cancelled)
    self.reserved = reserved
    self.backordered = backordered
    self.locationID = try WireField.locationID.required(locationID)
    self.quantity = try WireField.quantity.required(quantity)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.ordered, ordered)
    json.member(.shipped, shipped)
    json.member(.cancelled, cancelled)
    json.member(.reserved, reserved)
    json.member(.backordered, backordered)
    json.member(.locationID, locationID)
    json.member(.quantity, quantity)
    json.endObject()
  }
}
