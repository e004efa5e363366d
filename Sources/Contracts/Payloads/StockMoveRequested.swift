/// `stock.move.requested`: move stock between two locations in one step.
public struct StockMoveRequested: Payload {
  /// The move; unique for ever.
  public var moveID: MoveID
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Where the stock leaves.
  public var fromLocationID: LocationID
  /// Where the stock arrives; another location.
  public var toLocationID: LocationID
  /// Units of the product, 1 to 1,000,000,000.
  public var quantity: Int64
  /// The lot that it is of; absent: of none.
  public var lot: LotID?
  /// The publisher's own reference, such as a purchase order; may repeat.
  public var reference: String?

  /// From values that are known to keep the rules of the wire format.
  public init(
    moveID: MoveID,
    sku: SKU,
    fromLocationID: LocationID,
    toLocationID: LocationID,
    quantity: Int64,
    lot: LotID? = nil,
    reference: String? = nil
  ) {
    self.moveID = moveID
    self.sku = sku
    self.fromLocationID = fromLocationID
    self.toLocationID = toLocationID
    self.quantity = quantity
    self.lot = lot
    self.reference = reference
  }
}

extension StockMoveRequested {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var moveID: MoveID?
    var sku: SKU?
    var fromLocationID: LocationID?
    var toLocationID: LocationID?
    var quantity: Int64?
    var lot: LotID?
    var reference: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .moveID: moveID = try json.identifier(bytes, .moveID)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .fromLocationID: fromLocationID = try json.identifier(bytes, .fromLocationID)
      case .toLocationID: toLocationID = try json.identifier(bytes, .toLocationID)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      case .lot: lot = try json.takeNull(bytes) ? nil : json.identifier(bytes, .lot)
      case .reference: reference = try json.takeNull(bytes) ? nil : json.text(bytes, .reference, 0...200)
      default: try object.skip(&json, bytes)
      }
    }
    self.moveID = try WireField.moveID.required(moveID)
    self.sku = try WireField.sku.required(sku)
    self.fromLocationID = try WireField.fromLocationID.required(fromLocationID)
    self.toLocationID = try WireField.toLocationID.required(toLocationID)
    self.quantity = try WireField.quantity.required(quantity)
    self.lot = lot
    self.reference = reference
    try self.toLocationID.requireOther(than: self.fromLocationID)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.moveID, moveID)
    json.member(.sku, sku)
    json.member(.fromLocationID, fromLocationID)
    json.member(.toLocationID, toLocationID)
    json.member(.quantity, quantity)
    json.member(.lot, lot)
    json.member(.reference, reference)
    json.endObject()
  }
}
