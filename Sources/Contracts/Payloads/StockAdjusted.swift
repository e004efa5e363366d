/// `stock.adjusted`: a count, an adjustment or a decision about quality is booked.
public struct StockAdjusted: Payload {
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Where the stock lies.
  public var locationID: LocationID
  /// The lot, where the stock is kept by lots.
  public var lot: LotID?
  /// What adjusted it: counted, superseded, damage, repair, write_off, scrap, found, hold, release or release_scrap.
  public var kind: String
  /// The id of the count, adjustment, hold or decision.
  public var reference: String
  /// Units on hand more than before; negative: less.
  public var difference: Int64
  /// Promised units that were taken away for it.
  public var bumped: Int64
  /// Units at the location after it, over all of its lots.
  public var onHand: Int64
  /// Damaged units among them.
  public var damaged: Int64
  /// Held units among them.
  public var qualityControl: Int64
  /// Units available at the location after it, over all of its lots.
  public var available: Int64
  /// Who did it.
  public var person: String?
  /// Code of the reason, in the publisher's words, such as THEFT.
  public var reasonCode: String?

  /// From values that are known to keep the rules of the wire format.
  public init(
    sku: SKU,
    locationID: LocationID,
    lot: LotID? = nil,
    kind: String,
    reference: String,
    difference: Int64,
    bumped: Int64,
    onHand: Int64,
    damaged: Int64,
    qualityControl: Int64,
    available: Int64,
    person: String? = nil,
    reasonCode: String? = nil
  ) {
    self.sku = sku
    self.locationID = locationID
    self.lot = lot
    self.kind = kind
    self.reference = reference
    self.difference = difference
    self.bumped = bumped
    self.onHand = onHand
    self.damaged = damaged
    self.qualityControl = qualityControl
    self.available = available
    self.person = person
    self.reasonCode = reasonCode
  }
}

extension StockAdjusted {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var sku: SKU?
    var locationID: LocationID?
    var lot: LotID?
    var kind: String?
    var reference: String?
    var difference: Int64?
    var bumped: Int64?
    var onHand: Int64?
    var damaged: Int64?
    var qualityControl: Int64?
    var available: Int64?
    var person: String?
    var reasonCode: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .lot: lot = try json.takeNull(bytes) ? nil : json.identifier(bytes, .lot)
      case .kind: kind = try json.text(bytes, .kind, 1...64)
      case .reference: reference = try json.key(bytes, .reference)
      case .difference: difference = try json.integer(bytes, .difference, Limits.change)
      case .bumped: bumped = try json.integer(bytes, .bumped, Limits.total)
      case .onHand: onHand = try json.integer(bytes, .onHand, Limits.total)
      case .damaged: damaged = try json.integer(bytes, .damaged, Limits.total)
      case .qualityControl: qualityControl = try json.integer(bytes, .qualityControl, Limits.total)
      case .available: available = try json.integer(bytes, .available, Limits.total)
      case .person: person = try json.takeNull(bytes) ? nil : json.text(bytes, .person, 1...200)
      case .reasonCode: reasonCode = try json.takeNull(bytes) ? nil : json.text(bytes, .reasonCode, 1...64)
      default: try object.skip(&json, bytes)
      }
    }
    self.sku = try WireField.sku.required(sku)
    self.locationID = try WireField.locationID.required(locationID)
    self.lot = lot
    self.kind = try WireField.kind.required(kind)
    self.reference = try WireField.reference.required(reference)
    self.difference = try WireField.difference.required(difference)
    self.bumped = try WireField.bumped.required(bumped)
    self.onHand = try WireField.onHand.required(onHand)
    self.damaged = try WireField.damaged.required(damaged)
    self.qualityControl = try WireField.qualityControl.required(qualityControl)
    self.available = try WireField.available.required(available)
    self.person = person
    self.reasonCode = reasonCode
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.lot, lot)
    json.member(.kind, kind)
    json.member(.reference, reference)
    json.member(.difference, difference)
    json.member(.bumped, bumped)
    json.member(.onHand, onHand)
    json.member(.damaged, damaged)
    json.member(.qualityControl, qualityControl)
    json.member(.available, available)
    json.member(.person, person)
    json.member(.reasonCode, reasonCode)
    json.endObject()
  }
}
