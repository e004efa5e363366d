/// `shipment.plan.failed`: what was reserved at a location cannot be shipped from there.
public struct ShipmentPlanFailed: Payload {
  /// The refusal or failure of the plan; unique for ever.
  public var planID: PlanID
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// What cannot be shipped, 1 to 1,000 lines.
  public var lines: [Line]
  /// Whether the units are given up, or served from elsewhere.
  public var action: PlanAction
  /// Why, in the words of whoever refused.
  public var reason: String?

  /// From values that are known to keep the rules of the wire format.
  public init(planID: PlanID, orderID: OrderID, lines: [Line], action: PlanAction, reason: String? = nil) {
    self.planID = planID
    self.orderID = orderID
    self.lines = lines
    self.action = action
    self.reason = reason
  }
}

extension ShipmentPlanFailed {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var planID: PlanID?
    var orderID: OrderID?
    var lines: [Line]?
    var action: PlanAction?
    var reason: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .planID: planID = try json.identifier(bytes, .planID)
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .lines: lines = try json.array(bytes, .lines, 1...Limits.lines)
      case .action: action = try json.choice(bytes, .action)
      case .reason: reason = try json.takeNull(bytes) ? nil : json.text(bytes, .reason, 0...500)
      default: try object.skip(&json, bytes)
      }
    }
    self.planID = try WireField.planID.required(planID)
    self.orderID = try WireField.orderID.required(orderID)
    self.lines = try WireField.lines.required(lines)
    self.action = try WireField.action.required(action)
    self.reason = reason
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.planID, planID)
    json.member(.orderID, orderID)
    json.member(.lines, lines)
    json.member(.action, action)
    json.member(.reason, reason)
    json.endObject()
  }
}

extension ShipmentPlanFailed {
  /// Units of a line at a location.
  public struct Line: Payload {
    /// Number of the order line.
    public var line: Int32
    /// Where they are reserved.
    public var locationID: LocationID
    /// Units of the product, 1 to 1,000,000,000.
    public var quantity: Int64

    /// From values that are known to keep the rules of the wire format.
    public init(line: Int32, locationID: LocationID, quantity: Int64) {
      self.line = line
      self.locationID = locationID
      self.quantity = quantity
    }
  }
}

extension ShipmentPlanFailed.Line {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var line: Int32?
    var locationID: LocationID?
    var quantity: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .line: line = try json.int32(bytes, .line, Limits.lineNumber)
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.line = try WireField.line.required(line)
    self.locationID = try WireField.locationID.required(locationID)
    self.quantity = try WireField.quantity.required(quantity)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.line, line)
    json.member(.locationID, locationID)
    json.member(.quantity, quantity)
    json.endObject()
  }
}
