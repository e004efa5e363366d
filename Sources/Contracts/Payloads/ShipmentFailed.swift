/// `shipment.failed`: a shipment comes back undelivered; its units wait in quality control and are planned anew.
public struct ShipmentFailed: Payload {
  /// The shipment; unique for ever.
  public var shipmentID: ShipmentID
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// The customer who ordered.
  public var customerID: CustomerID
  /// Who carries the shipment.
  public var carrier: String?
  /// The carrier's number of the shipment.
  public var trackingNumber: String?
  /// When it happened, by the carrier's clock.
  public var timestamp: Timestamp
  /// Where that was, as far as it is known.
  public var location: Coordinates?
  /// Why, in the carrier's words.
  public var reason: String?
  /// What comes back, and what becomes of it in the order; without lots where they would make more than 1,000 lines.
  public var lines: [Line]

  /// From values that are known to keep the rules of the wire format.
  public init(
    shipmentID: ShipmentID,
    orderID: OrderID,
    customerID: CustomerID,
    carrier: String? = nil,
    trackingNumber: String? = nil,
    timestamp: Timestamp,
    location: Coordinates? = nil,
    reason: String? = nil,
    lines: [Line]
  ) {
    self.shipmentID = shipmentID
    self.orderID = orderID
    self.customerID = customerID
    self.carrier = carrier
    self.trackingNumber = trackingNumber
    self.timestamp = timestamp
    self.location = location
    self.reason = reason
    self.lines = lines
  }

  /// These lines, of which no event holds more than 1,000. A shipment has no more of its own; where it left in more
  /// lots, the lots of a line at a location are one.
  public static func fitting(_ lines: [Line]) -> [Line] {
    guard lines.count > Limits.lines else { return lines }
    var merged: [Line] = []
    var places: [String: Int] = [:]
    for line in lines {
      let key = "\(line.line)@\(line.locationID)"
      guard let known = places[key] else {
        places[key] = merged.count
        merged.append(line)
        continue
      }
      merged[known].lot = nil
      merged[known].quantity += line.quantity
      merged[known].reserved += line.reserved
      merged[known].backordered += line.backordered
      merged[known].cancelled += line.cancelled
    }
    return merged
  }
}

extension ShipmentFailed {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var shipmentID: ShipmentID?
    var orderID: OrderID?
    var customerID: CustomerID?
    var carrier: String?
    var trackingNumber: String?
    var timestamp: Timestamp?
    var location: Coordinates?
    var reason: String?
    var lines: [Line]?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .shipmentID: shipmentID = try json.identifier(bytes, .shipmentID)
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .customerID: customerID = try json.identifier(bytes, .customerID)
      case .carrier: carrier = try json.takeNull(bytes) ? nil : json.text(bytes, .carrier, 0...100)
      case .trackingNumber: trackingNumber = try json.takeNull(bytes) ? nil : json.text(bytes, .trackingNumber, 0...200)
      case .timestamp: timestamp = try json.timestamp(bytes, .timestamp)
      case .location: location = try json.takeNull(bytes) ? nil : json.nested(bytes, .location)
      case .reason: reason = try json.takeNull(bytes) ? nil : json.text(bytes, .reason, 0...500)
      case .lines: lines = try json.array(bytes, .lines, 1...Limits.lines)
      default: try object.skip(&json, bytes)
      }
    }
    self.shipmentID = try WireField.shipmentID.required(shipmentID)
    self.orderID = try WireField.orderID.required(orderID)
    self.customerID = try WireField.customerID.required(customerID)
    self.carrier = carrier
    self.trackingNumber = trackingNumber
    self.timestamp = try WireField.timestamp.required(timestamp)
    self.location = location
    self.reason = reason
    self.lines = try WireField.lines.required(lines)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.shipmentID, shipmentID)
    json.member(.orderID, orderID)
    json.member(.customerID, customerID)
    json.member(.carrier, carrier)
    json.member(.trackingNumber, trackingNumber)
    json.member(.timestamp, timestamp)
    json.member(.location, location)
    json.member(.reason, reason)
    json.member(.lines, lines)
    json.endObject()
  }
}

extension ShipmentFailed {
  /// One line of the shipment, and how its units were planned anew.
  public struct Line: Payload {
    /// Number of the order line.
    public var line: Int32
    /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
    public var sku: SKU
    /// Where the units come back to.
    public var locationID: LocationID
    /// The lot that they are of, where the stock is kept by lots: as which they wait in quality control.
    public var lot: LotID?
    /// Units of the product, 1 to 1,000,000,000.
    public var quantity: Int64
    /// Units of them that are reserved again from other stock.
    public var reserved: Int64
    /// Units of them that wait for stock.
    public var backordered: Int64
    /// Units of them that will not be delivered: the order must not wait, or was cancelled.
    public var cancelled: Int64

    /// From values that are known to keep the rules of the wire format.
    public init(
      line: Int32,
      sku: SKU,
      locationID: LocationID,
      lot: LotID? = nil,
      quantity: Int64,
      reserved: Int64,
      backordered: Int64,
      cancelled: Int64
    ) {
      self.line = line
      self.sku = sku
      self.locationID = locationID
      self.lot = lot
      self.quantity = quantity
      self.reserved = reserved
      self.backordered = backordered
      self.cancelled = cancelled
    }
  }
}

extension ShipmentFailed.Line {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var line: Int32?
    var sku: SKU?
    var locationID: LocationID?
    var lot: LotID?
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
      case .lot: lot = try json.takeNull(bytes) ? nil : json.identifier(bytes, .lot)
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
    self.lot = lot
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
    json.member(.lot, lot)
    json.member(.quantity, quantity)
    json.member(.reserved, reserved)
    json.member(.backordered, backordered)
    json.member(.cancelled, cancelled)
    json.endObject()
  }
}
