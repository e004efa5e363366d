/// `stock.policy.set`: safety stock and alert levels of a SKU: at one location, over all of them together, or for each
/// location that has none of its own.
public struct StockPolicySet: Payload {
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// The location; absent: the SKU over all locations, or each location.
  public var locationID: LocationID?
  /// Whether it is the default of every sellable location without levels of its own, in place of one for the SKU over
  /// all locations.
  public var everyLocation: Bool
  /// Units never promised, 0 to 1,000,000,000.
  public var safetyStock: Int64
  /// Low at or below this many units.
  public var reorderPoint: Int64
  /// Normal again at or above this many units; above reorder_point.
  public var recoverPoint: Int64

  /// From values that are known to keep the rules of the wire format.
  public init(
    sku: SKU, locationID: LocationID? = nil, everyLocation: Bool = false, safetyStock: Int64, reorderPoint: Int64,
    recoverPoint: Int64
  ) {
    self.sku = sku
    self.locationID = locationID
    self.everyLocation = everyLocation
    self.safetyStock = safetyStock
    self.reorderPoint = reorderPoint
    self.recoverPoint = recoverPoint
  }
}

extension StockPolicySet {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var sku: SKU?
    var locationID: LocationID?
    var everyLocation = false
    var safetyStock: Int64?
    var reorderPoint: Int64?
    var recoverPoint: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.takeNull(bytes) ? nil : json.identifier(bytes, .locationID)
      case .everyLocation: everyLocation = try json.takeNull(bytes) ? false : json.bool(bytes, .everyLocation)
      case .safetyStock: safetyStock = try json.integer(bytes, .safetyStock, Limits.partialQuantity)
      case .reorderPoint: reorderPoint = try json.integer(bytes, .reorderPoint, Limits.partialQuantity)
      case .recoverPoint: recoverPoint = try json.integer(bytes, .recoverPoint, Limits.quantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.sku = try WireField.sku.required(sku)
    self.locationID = locationID
    self.everyLocation = everyLocation
    self.safetyStock = try WireField.safetyStock.required(safetyStock)
    self.reorderPoint = try WireField.reorderPoint.required(reorderPoint)
    self.recoverPoint = try WireField.recoverPoint.required(recoverPoint)
    guard self.recoverPoint > self.reorderPoint else {
      throw Malformed(
        field: WireField.recoverPoint.rawValue, value: "\(self.recoverPoint)",
        rule: "greater than reorder_point (\(self.reorderPoint))")
    }
    if everyLocation, let locationID {
      throw Malformed(
        field: WireField.everyLocation.rawValue, value: "true", rule: "false where location_id is (\(locationID))")
    }
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    if everyLocation { json.member(.everyLocation, true) }
    json.member(.safetyStock, safetyStock)
    json.member(.reorderPoint, reorderPoint)
    json.member(.recoverPoint, recoverPoint)
    json.endObject()
  }
}
