/// `transfer.dispatched`: stock is on its way to another location.
public struct TransferDispatched: Payload {
  /// The transfer; unique for ever.
  public var transferID: TransferID
  /// Where the stock leaves.
  public var fromLocationID: LocationID
  /// Where the stock arrives; another location.
  public var toLocationID: LocationID
  /// What left, 1 to 1,000 lines; a SKU may repeat.
  public var lines: [Line]
  /// The publisher's own reference, such as a tour; may repeat.
  public var reference: String?
  /// Who did it.
  public var person: String?

  /// From values that are known to keep the rules of the wire format.
  public init(
    transferID: TransferID, fromLocationID: LocationID, toLocationID: LocationID, lines: [Line],
    reference: String? = nil, person: String? = nil
  ) {
    self.transferID = transferID
    self.fromLocationID = fromLocationID
    self.toLocationID = toLocationID
    self.lines = lines
    self.reference = reference
    self.person = person
  }

  /// One line of a transfer.
  public struct Line: Payload {
    /// Number of the line; all lines have one or none has, then they count from 1.
    public var line: Int32
    /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
    public var sku: SKU
    /// Units of the product, 1 to 1,000,000,000.
    public var quantity: Int64
    /// The lot, where the stock is kept by lots.
    public var lot: LotID?

    /// From values that are known to keep the rules of the wire format.
    public init(line: Int32, sku: SKU, quantity: Int64, lot: LotID? = nil) {
      self.line = line
      self.sku = sku
      self.quantity = quantity
      self.lot = lot
    }
  }
}

extension TransferDispatched {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var transferID: TransferID?
    var fromLocationID: LocationID?
    var toLocationID: LocationID?
    var lines: [Line]?
    var reference: String?
    var person: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .transferID: transferID = try json.identifier(bytes, .transferID)
      case .fromLocationID: fromLocationID = try json.identifier(bytes, .fromLocationID)
      case .toLocationID: toLocationID = try json.identifier(bytes, .toLocationID)
      case .lines: lines = try json.array(bytes, .lines, 1...Limits.lines)
      case .reference: reference = try json.takeNull(bytes) ? nil : json.text(bytes, .reference, 0...200)
      case .person: person = try json.takeNull(bytes) ? nil : json.text(bytes, .person, 1...200)
      default: try object.skip(&json, bytes)
      }
    }
    self.transferID = try WireField.transferID.required(transferID)
    self.fromLocationID = try WireField.fromLocationID.required(fromLocationID)
    self.toLocationID = try WireField.toLocationID.required(toLocationID)
    self.lines = try WireField.lines.required(lines).numbered(in: "transfer")
    self.reference = reference
    self.person = person
    try self.toLocationID.requireOther(than: self.fromLocationID)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.transferID, transferID)
    json.member(.fromLocationID, fromLocationID)
    json.member(.toLocationID, toLocationID)
    json.member(.lines, lines)
    json.member(.reference, reference)
    json.member(.person, person)
    json.endObject()
  }
}

extension TransferDispatched.Line: NumberedLine {
  /// Reads the object that comes next; its number is 0 where it has none.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var line = Self.unnumbered
    var sku: SKU?
    var quantity: Int64?
    var lot: LotID?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .line: line = try json.takeNull(bytes) ? Self.unnumbered : json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      case .lot: lot = try json.takeNull(bytes) ? nil : json.identifier(bytes, .lot)
      default: try object.skip(&json, bytes)
      }
    }
    self.line = line
    self.sku = try WireField.sku.required(sku)
    self.quantity = try WireField.quantity.required(quantity)
    self.lot = lot
  }

  /// Writes the line as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.quantity, quantity)
    json.member(.lot, lot)
    json.endObject()
  }
}
