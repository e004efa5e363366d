/// `stock.counted`: somebody has looked how much is there.
public struct StockCounted: Payload {
  /// The count; unique for ever.
  public var countID: CountID
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Where the stock lies.
  public var locationID: LocationID
  /// The lot, where the stock is kept by lots.
  public var lot: LotID?
  /// Units that were there, damaged and held ones included, 0 to 1,000,000,000; or `difference`.
  public var counted: Int64?
  /// Units more (or, negative, less) than the books said; or `counted`.
  public var difference: Int64?
  /// When it was counted; what moved later is added.
  public var countedAt: Timestamp
  /// Who did it.
  public var person: String?
  /// Code of the reason, in the publisher's words, such as THEFT.
  public var reasonCode: String?
  /// Anything else, for people.
  public var note: String?

  /// From values that are known to keep the rules of the wire format.
  public init(
    countID: CountID,
    sku: SKU,
    locationID: LocationID,
    lot: LotID? = nil,
    counted: Int64? = nil,
    difference: Int64? = nil,
    countedAt: Timestamp,
    person: String? = nil,
    reasonCode: String? = nil,
    note: String? = nil
  ) {
    self.countID = countID
    self.sku = sku
    self.locationID = locationID
    self.lot = lot
    self.counted = counted
    self.difference = difference
    self.countedAt = countedAt
    self.person = person
    self.reasonCode = reasonCode
    self.note = note
  }
}

extension StockCounted {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var countID: CountID?
    var sku: SKU?
    var locationID: LocationID?
    var lot: LotID?
    var counted: Int64?
    var difference: Int64?
    var countedAt: Timestamp?
    var person: String?
    var reasonCode: String?
    var note: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .countID: countID = try json.identifier(bytes, .countID)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .lot: lot = try json.takeNull(bytes) ? nil : json.identifier(bytes, .lot)
      case .counted: counted = try json.takeNull(bytes) ? nil : json.integer(bytes, .counted, Limits.partialQuantity)
      case .difference:
        difference = try json.takeNull(bytes) ? nil : json.integer(bytes, .difference, Limits.difference)
      case .countedAt: countedAt = try json.timestamp(bytes, .countedAt)
      case .person: person = try json.takeNull(bytes) ? nil : json.text(bytes, .person, 1...200)
      case .reasonCode: reasonCode = try json.takeNull(bytes) ? nil : json.text(bytes, .reasonCode, 1...64)
      case .note: note = try json.takeNull(bytes) ? nil : json.text(bytes, .note, 0...500)
      default: try object.skip(&json, bytes)
      }
    }
    self.countID = try WireField.countID.required(countID)
    self.sku = try WireField.sku.required(sku)
    self.locationID = try WireField.locationID.required(locationID)
    self.lot = lot
    self.counted = counted
    self.difference = difference
    self.countedAt = try WireField.countedAt.required(countedAt)
    self.person = person
    self.reasonCode = reasonCode
    self.note = note
    guard (counted == nil) != (difference == nil) else {
      throw Malformed(
        field: counted == nil ? WireField.counted.rawValue : WireField.difference.rawValue,
        value: difference.map { "\($0)" } ?? "absent", rule: "exactly one of counted and difference")
    }
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.countID, countID)
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.lot, lot)
    json.member(.counted, counted)
    json.member(.difference, difference)
    json.member(.countedAt, countedAt)
    json.member(.person, person)
    json.member(.reasonCode, reasonCode)
    json.member(.note, note)
    json.endObject()
  }
}
