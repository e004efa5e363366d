/// `product.registered`: the catalogue has a product.
public struct ProductRegistered: Payload {
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// Name for people, 1 to 500 characters.
  public var name: String
  /// Category in the catalogue.
  public var category: String?
  /// Price of one unit, passed on exactly as written.
  public var unitPrice: ExactNumber?
  /// Whatever else the catalogue says, passed on as it came.
  public var attributes: RawJSON?

  /// From values that are known to keep the rules of the wire format.
  public init(
    sku: SKU,
    name: String,
    category: String? = nil,
    unitPrice: ExactNumber? = nil,
    attributes: RawJSON? = nil
  ) {
    self.sku = sku
    self.name = name
    self.category = category
    self.unitPrice = unitPrice
    self.attributes = attributes
  }
}

extension ProductRegistered {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var sku: SKU?
    var name: String?
    var category: String?
    var unitPrice: ExactNumber?
    var attributes: RawJSON?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .sku: sku = try json.identifier(bytes, .sku)
      case .name: name = try json.text(bytes, .name, 1...500)
      case .category: category = try json.takeNull(bytes) ? nil : json.text(bytes, .category, 0...200)
      case .unitPrice: unitPrice = try json.takeNull(bytes) ? nil : json.number(bytes, .unitPrice)
      case .attributes: attributes = try json.takeNull(bytes) ? nil : json.rawObject(bytes, .attributes)
      default: try object.skip(&json, bytes)
      }
    }
    self.sku = try WireField.sku.required(sku)
    self.name = try WireField.name.required(name)
    self.category = category
    self.unitPrice = unitPrice
    self.attributes = attributes
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.sku, sku)
    json.member(.name, name)
    json.member(.category, category)
    json.member(.unitPrice, unitPrice)
    json.member(.attributes, attributes)
    json.endObject()
  }
}
