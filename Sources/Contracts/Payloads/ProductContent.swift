/// `product.registered`: the catalogue has a product.
public typealias ProductRegistered = ProductContent
/// `product.changed`: what the catalogue says about a product from now on, as a whole.
public typealias ProductChanged = ProductContent
/// `product.created`: the product is in our catalogue.
public typealias ProductCreated = ProductContent
/// `product.updated`: our catalogue has taken over a change.
public typealias ProductUpdated = ProductContent

/// All that is said about a product: `product.registered`, `product.changed`, `product.created` or `product.updated`.
public struct ProductContent: Payload {
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
  /// Other names of the product, at most 50, each of this product alone.
  public var barcodes: [Barcode]
  /// What it is also counted in, at most 50.
  public var units: [ProductUnit]

  /// From values that are known to keep the rules of the wire format.
  public init(
    sku: SKU,
    name: String,
    category: String? = nil,
    unitPrice: ExactNumber? = nil,
    attributes: RawJSON? = nil,
    barcodes: [Barcode] = [],
    units: [ProductUnit] = []
  ) {
    self.sku = sku
    self.name = name
    self.category = category
    self.unitPrice = unitPrice
    self.attributes = attributes
    self.barcodes = barcodes
    self.units = units
  }
}

extension ProductContent {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var sku: SKU?
    var name: String?
    var category: String?
    var unitPrice: ExactNumber?
    var attributes: RawJSON?
    var barcodes: [Barcode] = []
    var units: [ProductUnit] = []
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .sku: sku = try json.identifier(bytes, .sku)
      case .name: name = try json.text(bytes, .name, 1...500)
      case .category: category = try json.takeNull(bytes) ? nil : json.text(bytes, .category, 0...200)
      case .unitPrice: unitPrice = try json.takeNull(bytes) ? nil : json.number(bytes, .unitPrice)
      case .attributes: attributes = try json.takeNull(bytes) ? nil : json.rawObject(bytes, .attributes)
      case .barcodes: barcodes = try json.takeNull(bytes) ? [] : json.array(bytes, .barcodes, 0...Limits.aliases)
      case .units: units = try json.takeNull(bytes) ? [] : json.array(bytes, .units, 0...Limits.aliases)
      default: try object.skip(&json, bytes)
      }
    }
    self.sku = try WireField.sku.required(sku)
    self.name = try WireField.name.required(name)
    self.category = category
    self.unitPrice = unitPrice
    self.attributes = attributes
    self.barcodes = barcodes
    self.units = try ProductUnit.distinct(units)
  }

  /// Writes the payload as one object; lists only where there is something in them.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.sku, sku)
    json.member(.name, name)
    json.member(.category, category)
    json.member(.unitPrice, unitPrice)
    json.member(.attributes, attributes)
    if !barcodes.isEmpty { json.member(.barcodes, barcodes) }
    if !units.isEmpty { json.member(.units, units) }
    json.endObject()
  }
}
