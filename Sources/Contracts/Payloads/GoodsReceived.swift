/// `goods.received`: stock arrived at a location.
public struct GoodsReceived: Payload {
  /// The receipt; unique for ever.
  public var receiptID: ReceiptID
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Where the stock lies.
  public var locationID: LocationID
  /// Units of the product, 1 to 1,000,000,000.
  public var quantity: Int64
  /// The publisher's own reference, such as a purchase order; may repeat.
  public var reference: String?

  /// From values that are known to keep the rules of the wire format.
  public init(receiptID: ReceiptID, sku: SKU, locationID: LocationID, quantity: Int64, reference: String? = nil) {
    self.receiptID = receiptID
    self.sku = sku
    self.locationID = locationID
    self.quantity = quantity
    self.reference = reference
  }
}

extension GoodsReceived {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var receiptID: ReceiptID?
    var sku: SKU?
    var locationID: LocationID?
    var quantity: Int64?
    var reference: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .receiptID: receiptID = try json.identifier(bytes, .receiptID)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      case .reference: reference = try json.takeNull(bytes) ? nil : json.text(bytes, .reference, 0...200)
      default: try object.skip(&json, bytes)
      }
    }
    self.receiptID = try WireField.receiptID.required(receiptID)
    self.sku = try WireField.sku.required(sku)
    self.locationID = try WireField.locationID.required(locationID)
    self.quantity = try WireField.quantity.required(quantity)
    self.reference = reference
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.receiptID, receiptID)
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.quantity, quantity)
    json.member(.reference, reference)
    json.endObject()
  }
}
