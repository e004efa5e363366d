/// `stock.adjustment.requested`: units were damaged, repaired, lost, thrown away or found.
public struct StockAdjustmentRequested: Payload {
  /// The adjustment; unique for ever.
  public var adjustmentID: AdjustmentID
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Where the stock lies.
  public var locationID: LocationID
  /// The lot, where the stock is kept by lots.
  public var lot: LotID?
  /// What happened to the units.
  public var kind: AdjustmentKind
  /// Units of the product, 1 to 1,000,000,000.
  public var quantity: Int64
  /// Code of the reason, in the publisher's words, such as BROKEN.
  public var reasonCode: String
  /// Who did it.
  public var person: String
  /// Anything else, for people.
  public var note: String?

  /// From values that are known to keep the rules of the wire format.
  public init(
    adjustmentID: AdjustmentID,
    sku: SKU,
    locationID: LocationID,
    lot: LotID? = nil,
    kind: AdjustmentKind,
    quantity: Int64,
    reasonCode: String,
    person: String,
    note: String? = nil
  ) {
    self.adjustmentID = adjustmentID
    self.sku = sku
    self.locationID = locationID
    self.lot = lot
    self.kind = kind
    self.quantity = quantity
    self.reasonCode = reasonCode
    self.person = person
    self.note = note
  }
}

extension StockAdjustmentRequested {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var adjustmentID: AdjustmentID?
    var sku: SKU?
    var locationID: LocationID?
    var lot: LotID?
    var kind: AdjustmentKind?
    var quantity: Int64?
    var reasonCode: String?
    var person: String?
    var note: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .adjustmentID: adjustmentID = try json.identifier(bytes, .adjustmentID)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .lot: lot = try json.takeNull(bytes) ? nil : json.identifier(bytes, .lot)
      case .kind: kind = try json.choice(bytes, .kind)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      case .reasonCode: reasonCode = try json.text(bytes, .reasonCode, 1...64)
      case .person: person = try json.text(bytes, .person, 1...200)
      case .note: note = try json.takeNull(bytes) ? nil : json.text(bytes, .note, 0...500)
      default: try object.skip(&json, bytes)
      }
    }
    self.adjustmentID = try WireField.adjustmentID.required(adjustmentID)
    self.sku = try WireField.sku.required(sku)
    self.locationID = try WireField.locationID.required(locationID)
    self.lot = lot
    self.kind = try WireField.kind.required(kind)
    self.quantity = try WireField.quantity.required(quantity)
    self.reasonCode = try WireField.reasonCode.required(reasonCode)
    self.person = try WireField.person.required(person)
    self.note = note
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.adjustmentID, adjustmentID)
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.lot, lot)
    json.member(.kind, kind)
    json.member(.quantity, quantity)
    json.member(.reasonCode, reasonCode)
    json.member(.person, person)
    json.member(.note, note)
    json.endObject()
  }
}
