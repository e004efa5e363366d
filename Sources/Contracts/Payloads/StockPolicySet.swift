/// `stock.policy.set`: safety stock and alert levels of a SKU, at one location or over all.
public struct StockPolicySet: Payload {
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// The location; absent: the SKU over all locations.
  public var locationID: LocationID?
  /// Units never promised, 0 to 1,000,000,000.
  public var safetyStock: Int64
  /// Low at or below this many units.
  public var reorderPoint: Int64
  /// Normal again at or above this many units; above reorder_point.
  public var recoverPoint: Int64

  /// From values that are known to keep the rules of the wire format.
  public init(sku: SKU, locationID: LocationID? = nil, safetyStock: Int64, reorderPoint: Int64, recoverPoint: Int64) {
    self.sku = sku
    self.locationID = locationID
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
    var safetyStock: Int64?
    var reorderPoint: Int64?
    var recoverPoint: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.takeNull(bytes) ? nil : json.identifier(bytes, .locationID)
      case .safetyStock: safetyStock = try json.integer(bytes, .safetyStock, Limits.partialQuantity)
      case .reorderPoint: reorderPoint = try json.integer(bytes, .reorderPoint, Limits.partialQuantity)
      case .recoverPoint: recoverPoint = try json.integer(bytes, .recoverPoint, Limits.quantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.sku = try WireField.sku.required(sku)
    self.locationID = locationID
    self.safetyStock = try WireField.safetyStock.required(safetyStock)
    self.reorderPoint = try WireField.reorderPoint.required(reorderPoint)
    self.recoverPoint = try WireField.recoverPoint.required(recoverPoint)
    guard self.recoverPoint > self.reorderPoint else {
      throw Malformed(
        field: WireField.recoverPoint.rawValue, value: "\(self.recoverPoint)",
        rule: "greater than reorder_point (\(self.reorderPoint))")
    }
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.safetyStock, safetyStock)
    json.member(.reorderPoint, reorderPoint)
    json.member(.recoverPoint, recoverPoint)
    json.endObject()
  }
}
