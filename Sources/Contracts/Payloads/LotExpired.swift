/// `lot.expired`: the time of a lot is up while some of it is there; nothing of it is promised any more.
public struct LotExpired: Payload {
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Which lot of it.
  public var lot: LotID
  /// When its time was up.
  public var expiresAt: Timestamp
  /// Units on hand over all locations.
  public var onHand: Int64
  /// Units of these that are promised to orders.
  public var reserved: Int64
  /// Where the units lie.
  public var locations: [Place]

  /// From values that are known to keep the rules of the wire format.
  public init(
    sku: SKU, lot: LotID, expiresAt: Timestamp, onHand: Int64, reserved: Int64, locations: [Place]
  ) {
    self.sku = sku
    self.lot = lot
    self.expiresAt = expiresAt
    self.onHand = onHand
    self.reserved = reserved
    self.locations = locations
  }
}

extension LotExpired {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var sku: SKU?
    var lot: LotID?
    var expiresAt: Timestamp?
    var onHand: Int64?
    var reserved: Int64?
    var locations: [Place]?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .sku: sku = try json.identifier(bytes, .sku)
      case .lot: lot = try json.identifier(bytes, .lot)
      case .expiresAt: expiresAt = try json.timestamp(bytes, .expiresAt)
      case .onHand: onHand = try json.integer(bytes, .onHand, Limits.total)
      case .reserved: reserved = try json.integer(bytes, .reserved, Limits.total)
      case .locations: locations = try json.array(bytes, .locations, 1...Limits.lines)
      default: try object.skip(&json, bytes)
      }
    }
    self.sku = try WireField.sku.required(sku)
    self.lot = try WireField.lot.required(lot)
    self.expiresAt = try WireField.expiresAt.required(expiresAt)
    self.onHand = try WireField.onHand.required(onHand)
    self.reserved = try WireField.reserved.required(reserved)
    self.locations = try WireField.locations.required(locations)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.sku, sku)
    json.member(.lot, lot)
    json.member(.expiresAt, expiresAt)
    json.member(.onHand, onHand)
    json.member(.reserved, reserved)
    json.member(.locations, locations)
    json.endObject()
  }
}

extension LotExpired {
  /// What lies of the lot at one location: as much as there may be, not as much as one message may say.
  public struct Place: Payload {
    /// Where the stock lies.
    public var locationID: LocationID
    /// Units of the lot on hand there.
    public var quantity: Int64

    /// From values that are known to keep the rules of the wire format.
    public init(locationID: LocationID, quantity: Int64) {
      self.locationID = locationID
      self.quantity = quantity
    }
  }
}

extension LotExpired.Place {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var locationID: LocationID?
    var quantity: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.total)
      default: try object.skip(&json, bytes)
      }
    }
    self.locationID = try WireField.locationID.required(locationID)
    self.quantity = try WireField.quantity.required(quantity)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.locationID, locationID)
    json.member(.quantity, quantity)
    json.endObject()
  }
}
