/// `transfer.received`: stock of a transfer has arrived, in whole or in part.
public struct TransferReceived: Payload {
  /// The arrival; unique for ever.
  public var arrivalID: ArrivalID
  /// The transfer that it belongs to.
  public var transferID: TransferID
  /// What arrived, up to 1,000 lines.
  public var lines: [Line]
  /// Whether nothing more will arrive: the rest is lost.
  public var isFinal: Bool
  /// Who did it.
  public var person: String?

  /// From values that are known to keep the rules of the wire format.
  public init(
    arrivalID: ArrivalID,
    transferID: TransferID,
    lines: [Line],
    isFinal: Bool = false,
    person: String? = nil
  ) {
    self.arrivalID = arrivalID
    self.transferID = transferID
    self.lines = lines
    self.isFinal = isFinal
    self.person = person
  }
}

extension TransferReceived {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var arrivalID: ArrivalID?
    var transferID: TransferID?
    var lines: [Line]?
    var isFinal: Bool = false
    var person: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .arrivalID: arrivalID = try json.identifier(bytes, .arrivalID)
      case .transferID: transferID = try json.identifier(bytes, .transferID)
      case .lines: lines = try json.array(bytes, .lines, 0...Limits.lines)
      case .isFinal: isFinal = try json.takeNull(bytes) ? false : json.bool(bytes, .isFinal)
      case .person: person = try json.takeNull(bytes) ? nil : json.text(bytes, .person, 1...200)
      default: try object.skip(&json, bytes)
      }
    }
    self.arrivalID = try WireField.arrivalID.required(arrivalID)
    self.transferID = try WireField.transferID.required(transferID)
    self.lines = try WireField.lines.required(lines)
    self.isFinal = isFinal
    self.person = person
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.arrivalID, arrivalID)
    json.member(.transferID, transferID)
    json.member(.lines, lines)
    json.member(.isFinal, isFinal)
    json.member(.person, person)
    json.endObject()
  }
}

extension TransferReceived {
  /// One line of an arrival.
  public struct Line: Payload {
    /// Number of the transfer's line.
    public var line: Int32
    /// The product, to be compared with the transfer's line.
    public var sku: SKU?
    /// Units that arrived, 0 to 1,000,000,000.
    public var quantity: Int64
    /// Units that will not arrive any more.
    public var lost: Int64

    /// From values that are known to keep the rules of the wire format.
    public init(line: Int32, sku: SKU? = nil, quantity: Int64, lost: Int64 = 0) {
      self.line = line
      self.sku = sku
      self.quantity = quantity
      self.lost = lost
    }
  }
}

extension TransferReceived.Line {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var line: Int32?
    var sku: SKU?
    var quantity: Int64?
    var lost: Int64 = 0
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.takeNull(bytes) ? nil : json.identifier(bytes, .sku)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.partialQuantity)
      case .lost: lost = try json.takeNull(bytes) ? 0 : json.integer(bytes, .lost, Limits.partialQuantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.line = try WireField.line.required(line)
    self.sku = sku
    self.quantity = try WireField.quantity.required(quantity)
    self.lost = lost
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.quantity, quantity)
    json.member(.lost, lost)
    json.endObject()
  }
}
