/// `goods.received`: stock arrived at a location.
public struct GoodsReceived: Payload {
  /// The receipt; unique for ever.
  public var receiptID: ReceiptID
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`; absent where the barcode names the product.
  public var sku: SKU?
  /// A barcode of the product, in the place of its SKU or beside it.
  public var barcode: Barcode?
  /// Where the stock lies.
  public var locationID: LocationID
  /// How much, 1 to 1,000,000,000: of the base unit, or of `unit`.
  public var quantity: Int64
  /// What the quantity counts, one of the product's units; absent: its base unit.
  public var unit: UnitName?
  /// The lot that it is of, if the product comes in lots.
  public var lot: LotID?
  /// When the lot's time is up; said once for a lot.
  public var expiresAt: Timestamp?
  /// The publisher's own reference, such as a purchase order; may repeat.
  public var reference: String?

  /// From values that are known to keep the rules of the wire format.
  public init(
    receiptID: ReceiptID,
    sku: SKU?,
    barcode: Barcode? = nil,
    locationID: LocationID,
    quantity: Int64,
    unit: UnitName? = nil,
    lot: LotID? = nil,
    expiresAt: Timestamp? = nil,
    reference: String? = nil
  ) {
    self.receiptID = receiptID
    self.sku = sku
    self.barcode = barcode
    self.locationID = locationID
    self.quantity = quantity
    self.unit = unit
    self.lot = lot
    self.expiresAt = expiresAt
    self.reference = reference
  }
}

extension GoodsReceived {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var receiptID: ReceiptID?
    var sku: SKU?
    var barcode: Barcode?
    var locationID: LocationID?
    var quantity: Int64?
    var unit: UnitName?
    var lot: LotID?
    var expiresAt: Timestamp?
    var reference: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .receiptID: receiptID = try json.identifier(bytes, .receiptID)
      case .sku: sku = try json.takeNull(bytes) ? nil : json.identifier(bytes, .sku)
      case .barcode: barcode = try json.takeNull(bytes) ? nil : json.barcode(bytes, .barcode)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      case .unit: unit = try json.takeNull(bytes) ? nil : json.identifier(bytes, .unit)
      case .lot: lot = try json.takeNull(bytes) ? nil : json.identifier(bytes, .lot)
      case .expiresAt: expiresAt = try json.takeNull(bytes) ? nil : json.timestamp(bytes, .expiresAt)
      case .reference: reference = try json.takeNull(bytes) ? nil : json.text(bytes, .reference, 0...200)
      default: try object.skip(&json, bytes)
      }
    }
    self.receiptID = try WireField.receiptID.required(receiptID)
    self.sku = barcode == nil ? try WireField.sku.required(sku) : sku
    self.barcode = barcode
    self.locationID = try WireField.locationID.required(locationID)
    self.quantity = try WireField.quantity.required(quantity)
    self.unit = unit
    self.lot = lot
    self.expiresAt = expiresAt
    guard lot != nil || expiresAt == nil else {
      throw Malformed(field: WireField.lot.rawValue, value: "absent", rule: "present where expires_at is")
    }
    self.reference = reference
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.receiptID, receiptID)
    json.member(.sku, sku)
    json.member(.barcode, barcode)
    json.member(.locationID, locationID)
    json.member(.quantity, quantity)
    json.member(.unit, unit)
    json.member(.lot, lot)
    json.member(.expiresAt, expiresAt)
    json.member(.reference, reference)
    json.endObject()
  }
}
