/// `lots.due`: a sweeper found a lot whose time is up and of which something is there.
public struct LotsDue: Payload {
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Which lot of it.
  public var lot: LotID

  /// From values that are known to keep the rules of the wire format.
  public init(sku: SKU, lot: LotID) {
    self.sku = sku
    self.lot = lot
  }
}

extension LotsDue {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var sku: SKU?
    var lot: LotID?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .sku: sku = try json.identifier(bytes, .sku)
      case .lot: lot = try json.identifier(bytes, .lot)
      default: try object.skip(&json, bytes)
      }
    }
    self.sku = try WireField.sku.required(sku)
    self.lot = try WireField.lot.required(lot)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.sku, sku)
    json.member(.lot, lot)
    json.endObject()
  }
}
