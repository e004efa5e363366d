/// `stock.returned`: units that came back are booked.
public struct StockReturned: Payload {
  /// The return; unique for ever.
  public var returnID: ReturnID
  /// The order that the goods were of, where it is known.
  public var orderID: OrderID?
  /// Number of the order line, where an order is known.
  public var line: Int32?
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Where the stock lies.
  public var locationID: LocationID
  /// The lot, where the stock is kept by lots.
  public var lot: LotID?
  /// Units of the product, 1 to 1,000,000,000.
  public var quantity: Int64
  /// What becomes of them: quality_control also where stock was asked for and nobody knows which lot they are of.
  public var disposition: Disposal
  /// Units on hand there now, over all lots.
  public var onHand: Int64
  /// Units available there now, over all lots.
  public var available: Int64

  /// From values that are known to keep the rules of the wire format.
  public init(
    returnID: ReturnID,
    orderID: OrderID? = nil,
    line: Int32? = nil,
    sku: SKU,
    locationID: LocationID,
    lot: LotID? = nil,
    quantity: Int64,
    disposition: Disposal,
    onHand: Int64,
    available: Int64
  ) {
    self.returnID = returnID
    self.orderID = orderID
    self.line = line
    self.sku = sku
    self.locationID = locationID
    self.lot = lot
    self.quantity = quantity
    self.disposition = disposition
    self.onHand = onHand
    self.available = available
  }
}

extension StockReturned {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var returnID: ReturnID?
    var orderID: OrderID?
    var line: Int32?
    var sku: SKU?
    var locationID: LocationID?
    var lot: LotID?
    var quantity: Int64?
    var disposition: Disposal?
    var onHand: Int64?
    var available: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .returnID: returnID = try json.identifier(bytes, .returnID)
      case .orderID: orderID = try json.takeNull(bytes) ? nil : json.identifier(bytes, .orderID)
      case .line: line = try json.takeNull(bytes) ? nil : json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .lot: lot = try json.takeNull(bytes) ? nil : json.identifier(bytes, .lot)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      case .disposition: disposition = try json.choice(bytes, .disposition)
      case .onHand: onHand = try json.integer(bytes, .onHand, Limits.total)
      case .available: available = try json.integer(bytes, .available, Limits.total)
      default: try object.skip(&json, bytes)
      }
    }
    self.returnID = try WireField.returnID.required(returnID)
    self.orderID = orderID
    self.line = line
    self.sku = try WireField.sku.required(sku)
    self.locationID = try WireField.locationID.required(locationID)
    self.lot = lot
    self.quantity = try WireField.quantity.required(quantity)
    self.disposition = try WireField.disposition.required(disposition)
    self.onHand = try WireField.onHand.required(onHand)
    self.available = try WireField.available.required(available)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.returnID, returnID)
    json.member(.orderID, orderID)
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.lot, lot)
    json.member(.quantity, quantity)
    json.member(.disposition, disposition)
    json.member(.onHand, onHand)
    json.member(.available, available)
    json.endObject()
  }
}
