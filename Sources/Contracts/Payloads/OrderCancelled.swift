/// `order.cancelled`: what is not shipped, of the order or of some of its lines, is no longer wanted.
public struct OrderCancelled: Payload {
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// Why, in the publisher's words.
  public var reason: String?
  /// This cancellation, unique for ever in its order; required where a line has a quantity.
  public var cancellationID: CancellationID?
  /// Lines that are not wanted any more, 1 to 1,000; absent: the whole order.
  public var lines: [Line]?

  /// From values that are known to keep the rules of the wire format.
  public init(orderID: OrderID, reason: String? = nil, cancellationID: CancellationID? = nil, lines: [Line]? = nil) {
    self.orderID = orderID
    self.reason = reason
    self.cancellationID = cancellationID
    self.lines = lines
  }
}

extension OrderCancelled {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var orderID: OrderID?
    var reason: String?
    var cancellationID: CancellationID?
    var lines: [Line]?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .reason: reason = try json.takeNull(bytes) ? nil : json.text(bytes, .reason, 0...500)
      case .cancellationID: cancellationID = try json.takeNull(bytes) ? nil : json.identifier(bytes, .cancellationID)
      case .lines: lines = try json.takeNull(bytes) ? nil : json.array(bytes, .lines, 1...Limits.lines)
      default: try object.skip(&json, bytes)
      }
    }
    self.orderID = try WireField.orderID.required(orderID)
    self.reason = reason
    self.cancellationID = cancellationID
    self.lines = lines
    try checkLines()
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.orderID, orderID)
    json.member(.reason, reason)
    json.member(.cancellationID, cancellationID)
    if let lines { json.member(.lines, lines) }
    json.endObject()
  }
}

extension OrderCancelled {
  /// A line of which something is not wanted any more.
  public struct Line: Payload {
    /// Number of the order line.
    public var line: Int32
    /// So many units less; absent: nothing more of the line, for ever.
    public var quantity: Int64?

    /// From values that are known to keep the rules of the wire format.
    public init(line: Int32, quantity: Int64? = nil) {
      self.line = line
      self.quantity = quantity
    }
  }
}

extension OrderCancelled.Line {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var line: Int32?
    var quantity: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .quantity: quantity = try json.takeNull(bytes) ? nil : json.integer(bytes, .quantity, Limits.quantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.line = try WireField.line.required(line)
    self.quantity = quantity
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.line, line)
    json.member(.quantity, quantity)
    json.endObject()
  }
}

extension OrderCancelled {
  /// A number of units can be taken off again and again, so that only an id tells a repetition from another one.
  private func checkLines() throws(Malformed) {
    var seen: Set<Int32> = []
    for (index, line) in (lines ?? []).enumerated() {
      if !seen.insert(line.line).inserted {
        throw Malformed(field: "lines[\(index)].line", value: "\(line.line)", rule: "unique in its cancellation")
      }
      if line.quantity != nil, cancellationID == nil {
        throw Malformed(
          field: WireField.cancellationID.rawValue, value: "absent", rule: "present where a line has a quantity")
      }
    }
  }
}
