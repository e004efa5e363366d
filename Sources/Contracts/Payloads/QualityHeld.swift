/// `quality.held`: units wait for a decision about their quality and are not sold meanwhile.
public struct QualityHeld: Payload {
  /// The hold; unique for ever.
  public var holdID: HoldID
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Where the stock lies.
  public var locationID: LocationID
  /// The lot, where the stock is kept by lots.
  public var lot: LotID?
  /// Units of the product, 1 to 1,000,000,000.
  public var quantity: Int64
  /// Who did it.
  public var person: String?
  /// Code of the reason, in the publisher's words, such as THEFT.
  public var reasonCode: String?
  /// Anything else, for people.
  public var note: String?

  /// From values that are known to keep the rules of the wire format.
  public init(
    holdID: HoldID,
    sku: SKU,
    locationID: LocationID,
    lot: LotID? = nil,
    quantity: Int64,
    person: String? = nil,
    reasonCode: String? = nil,
    note: String? = nil
  ) {
    self.holdID = holdID
    self.sku = sku
    self.locationID = locationID
    self.lot = lot
    self.quantity = quantity
    self.person = person
    self.reasonCode = reasonCode
    self.note = note
  }
}

extension QualityHeld {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var holdID: HoldID?
    var sku: SKU?
    var locationID: LocationID?
    var lot: LotID?
    var quantity: Int64?
    var person: String?
    var reasonCode: String?
    var note: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .holdID: holdID = try json.identifier(bytes, .holdID)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .lot: lot = try json.takeNull(bytes) ? nil : json.identifier(bytes, .lot)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      case .person: person = try json.takeNull(bytes) ? nil : json.text(bytes, .person, 1...200)
      case .reasonCode: reasonCode = try json.takeNull(bytes) ? nil : json.text(bytes, .reasonCode, 1...64)
      case .note: note = try json.takeNull(bytes) ? nil : json.text(bytes, .note, 0...500)
      default: try object.skip(&json, bytes)
      }
    }
    self.holdID = try WireField.holdID.required(holdID)
    self.sku = try WireField.sku.required(sku)
    self.locationID = try WireField.locationID.required(locationID)
    self.lot = lot
    self.quantity = try WireField.quantity.required(quantity)
    self.person = person
    self.reasonCode = reasonCode
    self.note = note
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.holdID, holdID)
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.lot, lot)
    json.member(.quantity, quantity)
    json.member(.person, person)
    json.member(.reasonCode, reasonCode)
    json.member(.note, note)
    json.endObject()
  }
}
