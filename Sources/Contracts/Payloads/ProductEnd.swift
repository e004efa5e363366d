/// `product.discontinued`: the product is not to be sold any more.
public typealias ProductDiscontinued = ProductEnd
/// `product.retired`: from now on no order gets anything of it.
public typealias ProductRetired = ProductEnd

/// That a product has had its time: `product.discontinued` or `product.retired`.
public struct ProductEnd: Payload {
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Why, for people.
  public var reason: String?

  /// From values that are known to keep the rules of the wire format.
  public init(sku: SKU, reason: String? = nil) {
    self.sku = sku
    self.reason = reason
  }
}

extension ProductEnd {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var sku: SKU?
    var reason: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .sku: sku = try json.identifier(bytes, .sku)
      case .reason: reason = try json.takeNull(bytes) ? nil : json.text(bytes, .reason, 0...500)
      default: try object.skip(&json, bytes)
      }
    }
    self.sku = try WireField.sku.required(sku)
    self.reason = reason
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.sku, sku)
    json.member(.reason, reason)
    json.endObject()
  }
}
