/// Where a SKU stands against its alert levels: `stock.low`, `stock.out` or `stock.recovered`.
public struct StockLevel: Payload {
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// The location; absent: available to promise over all locations.
  public var locationID: LocationID?
  /// Units available now.
  public var available: Int64
  /// Low at or below this many units.
  public var reorderPoint: Int64
  /// Normal again at or above this many units.
  public var recoverPoint: Int64
  /// The same for all events of one shortage.
  public var episodeID: String

  /// From values that are known to keep the rules of the wire format.
  public init(
    sku: SKU,
    locationID: LocationID? = nil,
    available: Int64,
    reorderPoint: Int64,
    recoverPoint: Int64,
    episodeID: String
  ) {
    self.sku = sku
    self.locationID = locationID
    self.available = available
    self.reorderPoint = reorderPoint
    self.recoverPoint = recoverPoint
    self.episodeID = episodeID
  }
}

extension StockLevel {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var sku: SKU?
    var locationID: LocationID?
    var available: Int64?
    var reorderPoint: Int64?
    var recoverPoint: Int64?
    var episodeID: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .sku: sku = try json.identifier(bytes, .sku)
      case .locationID: locationID = try json.takeNull(bytes) ? nil : json.identifier(bytes, .locationID)
      case .available: available = try json.integer(bytes, .available, Limits.total)
      case .reorderPoint: reorderPoint = try json.integer(bytes, .reorderPoint, Limits.partialQuantity)
      case .recoverPoint: recoverPoint = try json.integer(bytes, .recoverPoint, Limits.quantity)
      case .episodeID: episodeID = try json.key(bytes, .episodeID)
      default: try object.skip(&json, bytes)
      }
    }
    self.sku = try WireField.sku.required(sku)
    self.locationID = locationID
    self.available = try WireField.available.required(available)
    self.reorderPoint = try WireField.reorderPoint.required(reorderPoint)
    self.recoverPoint = try WireField.recoverPoint.required(recoverPoint)
    self.episodeID = try WireField.episodeID.required(episodeID)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.sku, sku)
    json.member(.locationID, locationID)
    json.member(.available, available)
    json.member(.reorderPoint, reorderPoint)
    json.member(.recoverPoint, recoverPoint)
    json.member(.episodeID, episodeID)
    json.endObject()
  }
}

extension StockLevel {
  /// Names a shortage: the SKU, the location where it is of one, and its number there.
  ///
  /// Codes may contain slashes. Where one does, colons separate them, which none contains: else SKU `SHOE` at location
  /// `42` and SKU `SHOE/42` over all locations would share their ids.
  public static func episodeID(_ sku: String, _ location: String?, _ number: Int64) -> String {
    let codes = location.map { [sku, $0] } ?? [sku]
    let separator = codes.contains { $0.contains("/") } ? ":" : "/"
    return (codes + ["\(number)"]).joined(separator: separator)
  }
}
