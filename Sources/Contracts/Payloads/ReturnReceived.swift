/// `return.received`: goods came back from a customer.
public struct ReturnReceived: Payload {
  /// The return; unique for ever.
  public var returnID: ReturnID
  /// The order that the goods were of, where it is known.
  public var orderID: OrderID?
  /// The shipment that they came with, where it is known.
  public var shipmentID: ShipmentID?
  /// What came back, 1 to 1,000 lines.
  public var lines: [Line]
  /// Why, in the customer's words.
  public var reason: String?

  /// From values that are known to keep the rules of the wire format.
  public init(
    returnID: ReturnID,
    orderID: OrderID? = nil,
    shipmentID: ShipmentID? = nil,
    lines: [Line],
    reason: String? = nil
  ) {
    self.returnID = returnID
    self.orderID = orderID
    self.shipmentID = shipmentID
    self.lines = lines
    self.reason = reason
  }
}

extension ReturnReceived {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var returnID: ReturnID?
    var orderID: OrderID?
    var shipmentID: ShipmentID?
    var lines: [Line]?
    var reason: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .returnID: returnID = try json.identifier(bytes, .returnID)
      case .orderID: orderID = try json.takeNull(bytes) ? nil : json.identifier(bytes, .orderID)
      case .shipmentID: shipmentID = try json.takeNull(bytes) ? nil : json.identifier(bytes, .shipmentID)
      case .lines: lines = try json.array(bytes, .lines, 1...Limits.lines)
      case .reason: reason = try json.takeNull(bytes) ? nil : json.text(bytes, .reason, 0...500)
      default: try object.skip(&json, bytes)
      }
    }
    self.returnID = try WireField.returnID.required(returnID)
    self.orderID = orderID
    self.shipmentID = shipmentID
    self.lines = try WireField.lines.required(lines)
    self.reason = reason
    try requireNames()
  }

  /// Each line says what came back: the product or, of a known order, its line.
  private func requireNames() throws(Malformed) {
    let isOfOrder = orderID != nil || shipmentID != nil
    for (index, line) in lines.enumerated() where line.sku == nil && !(isOfOrder && line.line != nil) {
      throw Malformed(
        field: "lines[\(index)].sku", value: "absent", rule: "present where no line of a known order is named")
    }
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.returnID, returnID)
    json.member(.orderID, orderID)
    json.member(.shipmentID, shipmentID)
    json.member(.lines, lines)
    json.member(.reason, reason)
    json.endObject()
  }
}

extension ReturnReceived {
  /// What came back of one product.
  public struct Line: Payload {
    /// Number of the order line; or only the product is named.
    public var line: Int32?
    /// The product; or only the order's line is named.
    public var sku: SKU?
    /// Where the units are now.
    public var locationID: LocationID
    /// The lot that they are of; where it is absent, the one that left with the shipment or the order.
    public var lot: LotID?
    /// Units of the product, 1 to 1,000,000,000.
    public var quantity: Int64
    /// What becomes of them.
    public var disposition: Disposal

    /// From values that are known to keep the rules of the wire format.
    public init(
      line: Int32? = nil, sku: SKU? = nil, locationID: LocationID, lot: LotID? = nil, quantity: Int64,
      disposition: Disposal
    ) {
      self.line = line
      self.sku = sku
      self.locationID = locationID
      self.lot = lot
      self.quantity = quantity
      self.disposition = disposition
    }
  }
}

extension ReturnReceived.Line {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var line: Int32?
    var sku: SKU?
    var locationID: LocationID?
    var lot: LotID?
    var quantity: Int64?
    var disposition: Disposal?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .line: line = try json.takeNull(bytes) ? nil : json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.takeNull(bytes) ? nil : json.identifier(bytes, .sku)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .lot: lot = try json.takeNull(bytes) ? nil : json.identifier(bytes, .lot)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      case .disposition: disposition = try json.choice(bytes, .disposition)
      default: try object.skip(&json, bytes)
      }
    }
    self.line = line
    self.sku = sku
    self.locationID = try WireField.locationID.required(locationID)
    self.lot = lot
    self.quantity = try WireField.quantity.required(quantity)
    self.disposition = try WireField.disposition.required(disposition)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.lot, lot)
    json.member(.quantity, quantity)
    json.member(.disposition, disposition)
    json.endObject()
  }
}
