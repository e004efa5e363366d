/// `reservation.bumped`: stock that was promised is not there any more.
public struct ReservationBumped: Payload {
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// The customer who ordered.
  public var customerID: CustomerID
  /// Number of the order line.
  public var line: Int32
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Where the stock lies.
  public var locationID: LocationID
  /// Units of the product, 1 to 1,000,000,000.
  public var quantity: Int64
  /// Units of it that wait for stock now.
  public var backordered: Int64
  /// Units of it that must not wait and are cancelled.
  public var cancelled: Int64
  /// Code of the reason, such as counted.
  public var reason: String
  /// What took the stock: the id of the count, adjustment, hold or shipment.
  public var reference: String

  /// From values that are known to keep the rules of the wire format.
  public init(
    orderID: OrderID,
    customerID: CustomerID,
    line: Int32,
    sku: SKU,
    locationID: LocationID,
    quantity: Int64,
    backordered: Int64,
    cancelled: Int64,
    reason: String,
    reference: String
  ) {
    self.orderID = orderID
    self.customerID = customerID
    self.line = line
    self.sku = sku
    self.locationID = locationID
    self.quantity = quantity
    self.backordered = backordered
    self.cancelled = cancelled
    self.reason = reason
    self.reference = reference
  }
}

extension ReservationBumped {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var orderID: OrderID?
    var customerID: CustomerID?
    var line: Int32?
    var sku: SKU?
    var locationID: LocationID?
    var quantity: Int64?
    var backordered: Int64?
    var cancelled: Int64?
    var reason: String?
    var reference: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .customerID: customerID = try json.identifier(bytes, .customerID)
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      case .backordered: backordered = try json.integer(bytes, .backordered, Limits.partialQuantity)
      case .cancelled: cancelled = try json.integer(bytes, .cancelled, Limits.partialQuantity)
      case .reason: reason = try json.text(bytes, .reason, 1...64)
      case .reference: reference = try json.key(bytes, .reference)
      default: try object.skip(&json, bytes)
      }
    }
    self.orderID = try WireField.orderID.required(orderID)
    self.customerID = try WireField.customerID.required(customerID)
    self.line = try WireField.line.required(line)
    self.sku = try WireField.sku.required(sku)
    self.locationID = try WireField.locationID.required(locationID)
    self.quantity = try WireField.quantity.required(quantity)
    self.backordered = try WireField.backordered.required(backordered)
    self.cancelled = try WireField.cancelled.required(cancelled)
    self.reason = try WireField.reason.required(reason)
    self.reference = try WireField.reference.required(reference)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.orderID, orderID)
    json.member(.customerID, customerID)
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.quantity, quantity)
    json.member(.backordered, backordered)
    json.member(.cancelled, cancelled)
    json.member(.reason, reason)
    json.member(.reference, reference)
    json.endObject()
  }
}
