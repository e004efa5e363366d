/// `stock.received`: a receipt is booked.
public struct StockReceived: Payload {
  /// The receipt; unique for ever.
  public var receiptID: ReceiptID
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Where the stock lies.
  public var locationID: LocationID
  /// Units of the product, 1 to 1,000,000,000.
  public var quantity: Int64
  /// Units at the location after it.
  public var onHand: Int64
  /// Units available at the location after it.
  public var available: Int64
  /// The lot that it is of; absent: of none.
  public var lot: LotID?
  /// When the lot's time is up, where that is known.
  public var expiresAt: Timestamp?
  /// The publisher's own reference, such as a purchase order; may repeat.
  public var reference: String?

  /// From values that are known to keep the rules of the wire format.
  public init(
    receiptID: ReceiptID,
    sku: SKU,
    locationID: LocationID,
    quantity: Int64,
    onHand: Int64,
    available: Int64,
    lot: LotID? = nil,
    expiresAt: Timestamp? = nil,
    reference: String? = nil
  ) {
    self.receiptID = receiptID
    self.sku = sku
    self.locationID = locationID
    self.quantity = quantity
    self.onHand = onHand
    self.available = available
    self.lot = lot
    self.expiresAt = expiresAt
    self.reference = reference
  }
}

extension StockReceived {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var receiptID: ReceiptID?
    var sku: SKU?
    var locationID: LocationID?
    var quantity: Int64?
    var onHand: Int64?
    var available: Int64?
    var lot: LotID?
    var expiresAt: Timestamp?
    var reference: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .receiptID: receiptID = try json.identifier(bytes, .receiptID)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      case .onHand: onHand = try json.integer(bytes, .onHand, Limits.total)
      case .available: available = try json.integer(bytes, .available, Limits.total)
      case .lot: lot = try json.takeNull(bytes) ? nil : json.identifier(bytes, .lot)
      case .expiresAt: expiresAt = try json.takeNull(bytes) ? nil : json.timestamp(bytes, .expiresAt)
      case .reference: reference = try json.takeNull(bytes) ? nil : json.text(bytes, .reference, 0...200)
      default: try object.skip(&json, bytes)
      }
    }
    self.receiptID = try WireField.receiptID.required(receiptID)
    self.sku = try WireField.sku.required(sku)
    self.locationID = try WireField.locationID.required(locationID)
    self.quantity = try WireField.quantity.required(quantity)
    self.onHand = try WireField.onHand.required(onHand)
    self.available = try WireField.available.required(available)
    self.lot = lot
    self.expiresAt = expiresAt
    self.reference = reference
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.receiptID, receiptID)
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.quantity, quantity)
    json.member(.onHand, onHand)
    json.member(.available, available)
    json.member(.lot, lot)
    json.member(.expiresAt, expiresAt)
    json.member(.reference, reference)
    json.endObject()
  }
}
