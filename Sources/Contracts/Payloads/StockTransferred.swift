/// `stock.transferred`: a line of a transfer left or arrived.
public struct StockTransferred: Payload {
  /// The transfer; unique for ever.
  public var transferID: TransferID
  /// The arrival; absent where stock left.
  public var arrivalID: ArrivalID?
  /// Number of the transfer's line.
  public var line: Int32
  /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
  public var sku: SKU
  /// The lot, where the stock is kept by lots.
  public var lot: LotID?
  /// Where the stock left; in-transit where it arrived.
  public var fromLocationID: LocationID
  /// Where the stock is now; in-transit where it left.
  public var toLocationID: LocationID
  /// Units that left or arrived.
  public var quantity: Int64
  /// Units of the line that are given up so far; an arrival that is told later may still bring some.
  public var lost: Int64
  /// Units of the line that are still on their way.
  public var inTransit: Int64
  /// How the transfer as a whole stands.
  public var state: TransferState

  /// From values that are known to keep the rules of the wire format.
  public init(
    transferID: TransferID,
    arrivalID: ArrivalID? = nil,
    line: Int32,
    sku: SKU,
    lot: LotID? = nil,
    fromLocationID: LocationID,
    toLocationID: LocationID,
    quantity: Int64,
    lost: Int64,
    inTransit: Int64,
    state: TransferState
  ) {
    self.transferID = transferID
    self.arrivalID = arrivalID
    self.line = line
    self.sku = sku
    self.lot = lot
    self.fromLocationID = fromLocationID
    self.toLocationID = toLocationID
    self.quantity = quantity
    self.lost = lost
    self.inTransit = inTransit
    self.state = state
  }
}

extension StockTransferred {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var transferID: TransferID?
    var arrivalID: ArrivalID?
    var line: Int32?
    var sku: SKU?
    var lot: LotID?
    var fromLocationID: LocationID?
    var toLocationID: LocationID?
    var quantity: Int64?
    var lost: Int64?
    var inTransit: Int64?
    var state: TransferState?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .transferID: transferID = try json.identifier(bytes, .transferID)
      case .arrivalID: arrivalID = try json.takeNull(bytes) ? nil : json.identifier(bytes, .arrivalID)
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .lot: lot = try json.takeNull(bytes) ? nil : json.identifier(bytes, .lot)
      case .fromLocationID: fromLocationID = try json.identifier(bytes, .fromLocationID)
      case .toLocationID: toLocationID = try json.identifier(bytes, .toLocationID)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.partialQuantity)
      case .lost: lost = try json.integer(bytes, .lost, Limits.partialQuantity)
      case .inTransit: inTransit = try json.integer(bytes, .inTransit, Limits.partialQuantity)
      case .state: state = try json.choice(bytes, .state)
      default: try object.skip(&json, bytes)
      }
    }
    self.transferID = try WireField.transferID.required(transferID)
    self.arrivalID = arrivalID
    self.line = try WireField.line.required(line)
    self.sku = try WireField.sku.required(sku)
    self.lot = lot
    self.fromLocationID = try WireField.fromLocationID.required(fromLocationID)
    self.toLocationID = try WireField.toLocationID.required(toLocationID)
    self.quantity = try WireField.quantity.required(quantity)
    self.lost = try WireField.lost.required(lost)
    self.inTransit = try WireField.inTransit.required(inTransit)
    self.state = try WireField.state.required(state)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.transferID, transferID)
    json.member(.arrivalID, arrivalID)
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.lot, lot)
    json.member(.fromLocationID, fromLocationID)
    json.member(.toLocationID, toLocationID)
    json.member(.quantity, quantity)
    json.member(.lost, lost)
    json.member(.inTransit, inTransit)
    json.member(.state, state)
    json.endObject()
  }
}
