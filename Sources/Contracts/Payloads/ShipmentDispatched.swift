/// `shipment.dispatched`: goods left the house.
public struct ShipmentDispatched: Payload {
  /// The shipment; unique for ever.
  public var shipmentID: ShipmentID
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// What left, 1 to 1,000 lines.
  public var lines: [Line]
  /// Who carries the shipment.
  public var carrier: String?
  /// The carrier's number of the shipment.
  public var trackingNumber: String?

  /// From values that are known to keep the rules of the wire format.
  public init(
    shipmentID: ShipmentID,
    orderID: OrderID,
    lines: [Line],
    carrier: String? = nil,
    trackingNumber: String? = nil
  ) {
    self.shipmentID = shipmentID
    self.orderID = orderID
    self.lines = lines
    self.carrier = carrier
    self.trackingNumber = trackingNumber
  }
}

extension ShipmentDispatched {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var shipmentID: ShipmentID?
    var orderID: OrderID?
    var lines: [Line]?
    var carrier: String?
    var trackingNumber: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .shipmentID: shipmentID = try json.identifier(bytes, .shipmentID)
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .lines: lines = try json.array(bytes, .lines, 1...Limits.lines)
      case .carrier: carrier = try json.takeNull(bytes) ? nil : json.text(bytes, .carrier, 0...100)
      case .trackingNumber: trackingNumber = try json.takeNull(bytes) ? nil : json.text(bytes, .trackingNumber, 0...200)
      default: try object.skip(&json, bytes)
      }
    }
    self.shipmentID = try WireField.shipmentID.required(shipmentID)
    self.orderID = try WireField.orderID.required(orderID)
    self.lines = try WireField.lines.required(lines)
    self.carrier = carrier
    self.trackingNumber = trackingNumber
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.shipmentID, shipmentID)
    json.member(.orderID, orderID)
    json.member(.lines, lines)
    json.member(.carrier, carrier)
    json.member(.trackingNumber, trackingNumber)
    json.endObject()
  }
}

extension ShipmentDispatched {
  /// One line of a shipment.
  public struct Line: Payload {
    /// Number of the order line.
    public var line: Int32
    /// The product, to be compared with the order's line.
    public var sku: SKU?
    /// Where the stock left.
    public var locationID: LocationID
    /// Units of the product, 1 to 1,000,000,000.
    public var quantity: Int64

    /// From values that are known to keep the rules of the wire format.
    public init(line: Int32, sku: SKU? = nil, locationID: LocationID, quantity: Int64) {
      self.line = line
      self.sku = sku
      self.locationID = locationID
      self.quantity = quantity
    }
  }
}

extension ShipmentDispatched.Line {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var line: Int32?
    var sku: SKU?
    var locationID: LocationID?
    var quantity: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.takeNull(bytes) ? nil : json.identifier(bytes, .sku)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.line = try WireField.line.required(line)
    self.sku = sku
    self.locationID = try WireField.locationID.required(locationID)
    self.quantity = try WireField.quantity.required(quantity)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.quantity, quantity)
    json.endObject()
  }
}
