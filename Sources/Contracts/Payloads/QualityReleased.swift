/// `quality.released`: it is decided what becomes of held units.
public struct QualityReleased: Payload {
  /// The decision; unique for ever.
  public var releaseID: ReleaseID
  /// The hold that it ends, in whole or in part; absent: units that returns left in quality control.
  public var holdID: HoldID?
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Where the stock lies.
  public var locationID: LocationID
  /// The lot, where the stock is kept by lots.
  public var lot: LotID?
  /// Units of the product, 1 to 1,000,000,000.
  public var quantity: Int64
  /// Where the units go: back to stock, or away.
  public var to: QualityVerdict
  /// Who did it.
  public var person: String?
  /// Code of the reason, in the publisher's words, such as THEFT.
  public var reasonCode: String?
  /// Anything else, for people.
  public var note: String?

  /// From values that are known to keep the rules of the wire format.
  public init(
    releaseID: ReleaseID,
    holdID: HoldID? = nil,
    sku: SKU,
    locationID: LocationID,
    lot: LotID? = nil,
    quantity: Int64,
    to: QualityVerdict,
    person: String? = nil,
    reasonCode: String? = nil,
    note: String? = nil
  ) {
    self.releaseID = releaseID
    self.holdID = holdID
    self.sku = sku
    self.locationID = locationID
    self.lot = lot
    self.quantity = quantity
    self.to = to
    self.person = person
    self.reasonCode = reasonCode
    self.note = note
  }
}

extension QualityReleased {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var releaseID: ReleaseID?
    var holdID: HoldID?
    var sku: SKU?
    var locationID: LocationID?
    var lot: LotID?
    var quantity: Int64?
    var to: QualityVerdict?
    var person: String?
    var reasonCode: String?
    var note: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .releaseID: releaseID = try json.identifier(bytes, .releaseID)
      case .holdID: holdID = try json.takeNull(bytes) ? nil : json.identifier(bytes, .holdID)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .lot: lot = try json.takeNull(bytes) ? nil : json.identifier(bytes, .lot)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      case .to: to = try json.choice(bytes, .to)
      case .person: person = try json.takeNull(bytes) ? nil : json.text(bytes, .person, 1...200)
      case .reasonCode: reasonCode = try json.takeNull(bytes) ? nil : json.text(bytes, .reasonCode, 1...64)
      case .note: note = try json.takeNull(bytes) ? nil : json.text(bytes, .note, 0...500)
      default: try object.skip(&json, bytes)
      }
    }
    self.releaseID = try WireField.releaseID.required(releaseID)
    self.holdID = holdID
    self.sku = try WireField.sku.required(sku)
    self.locationID = try WireField.locationID.required(locationID)
    self.lot = lot
    self.quantity = try WireField.quantity.required(quantity)
    self.to = try WireField.to.required(to)
    self.person = person
    self.reasonCode = reasonCode
    self.note = note
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.releaseID, releaseID)
    json.member(.holdID, holdID)
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.lot, lot)
    json.member(.quantity, quantity)
    json.member(.to, to)
    json.member(.person, person)
    json.member(.reasonCode, reasonCode)
    json.member(.note, note)
    json.endObject()
  }
}
