/// `order.created`: a customer ordered.
public struct OrderCreated: Payload {
  /// The order; unique in one installation.
  public var orderID: OrderID
  /// The customer who ordered.
  public var customerID: CustomerID
  /// What was ordered, 1 to 1,000 lines; a SKU may repeat.
  public var lines: [Line]
  /// Whether what is short may wait for stock.
  public var backorder: BackorderRule
  /// Higher is served first, -1000 to 1000.
  public var priority: Int32
  /// When the customer needs it.
  public var needBy: Timestamp?
  /// How an order is served that is short.
  public var policy: FulfilmentPolicy
  /// The order is a hold until `order.confirmed` comes; without one it expires at this time.
  public var expiresAt: Timestamp?
  /// By which rule its locations are chosen; absent: as the installation does by default.
  public var locationPolicy: LocationPolicyName?
  /// Where it goes, for the location policy `nearest`.
  public var destination: Coordinates?

  /// From values that are known to keep the rules of the wire format.
  public init(
    orderID: OrderID,
    customerID: CustomerID,
    lines: [Line],
    backorder: BackorderRule = .allow,
    priority: Int32 = 0,
    needBy: Timestamp? = nil,
    policy: FulfilmentPolicy = .partial,
    expiresAt: Timestamp? = nil,
    locationPolicy: LocationPolicyName? = nil,
    destination: Coordinates? = nil
  ) {
    self.orderID = orderID
    self.customerID = customerID
    self.lines = lines
    self.backorder = backorder
    self.priority = priority
    self.needBy = needBy
    self.policy = policy
    self.expiresAt = expiresAt
    self.locationPolicy = locationPolicy
    self.destination = destination
  }
}

extension OrderCreated {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var orderID: OrderID?
    var customerID: CustomerID?
    var lines: [Line]?
    var backorder: BackorderRule = .allow
    var priority: Int32 = 0
    var needBy: Timestamp?
    var policy: FulfilmentPolicy = .partial
    var expiresAt: Timestamp?
    var locationPolicy: LocationPolicyName?
    var destination: Coordinates?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .orderID: orderID = try json.identifier(bytes, .orderID)
      case .customerID: customerID = try json.identifier(bytes, .customerID)
      case .lines: lines = try json.array(bytes, .lines, 1...Limits.lines)
      case .backorder: backorder = try json.takeNull(bytes) ? .allow : json.choice(bytes, .backorder)
      case .priority: priority = try json.takeNull(bytes) ? 0 : json.int32(bytes, .priority, Limits.orderPriority)
      case .needBy: needBy = try json.takeNull(bytes) ? nil : json.timestamp(bytes, .needBy)
      case .policy: policy = try json.takeNull(bytes) ? .partial : json.choice(bytes, .policy)
      case .expiresAt: expiresAt = try json.takeNull(bytes) ? nil : json.timestamp(bytes, .expiresAt)
      case .locationPolicy: locationPolicy = try json.takeNull(bytes) ? nil : json.choice(bytes, .locationPolicy)
      case .destination: destination = try json.takeNull(bytes) ? nil : json.nested(bytes, .destination)
      default: try object.skip(&json, bytes)
      }
    }
    self.orderID = try WireField.orderID.required(orderID)
    self.customerID = try WireField.customerID.required(customerID)
    self.lines = try WireField.lines.required(lines).numbered(in: "order")
    self.backorder = backorder
    self.priority = priority
    self.needBy = needBy
    self.policy = policy
    self.expiresAt = expiresAt
    self.locationPolicy = locationPolicy
    self.destination = destination
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.orderID, orderID)
    json.member(.customerID, customerID)
    json.member(.lines, lines)
    json.member(.backorder, backorder)
    json.member(.priority, priority)
    json.member(.needBy, needBy)
    json.member(.policy, policy)
    json.member(.expiresAt, expiresAt)
    json.member(.locationPolicy, locationPolicy?.rawValue)
    json.member(.destination, destination)
    json.endObject()
  }
}

extension OrderCreated {
  /// One line of an order.
  public struct Line: Payload {
    /// Number of the line; all lines have one or none has, then they count from 1.
    public var line: Int32
    /// Stock keeping unit: 1 to 64 letters, digits and `._/-`.
    public var sku: SKU
    /// Units of the product, 1 to 1,000,000,000.
    public var quantity: Int64

    /// From values that are known to keep the rules of the wire format.
    public init(line: Int32, sku: SKU, quantity: Int64) {
      self.line = line
      self.sku = sku
      self.quantity = quantity
    }
  }
}

extension OrderCreated.Line: NumberedLine {
  /// Reads the object that comes next; its number is 0 where it has none.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var line = Self.unnumbered
    var sku: SKU?
    var quantity: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .line: line = try json.takeNull(bytes) ? Self.unnumbered : json.int32(bytes, .line, Limits.lineNumber)
      case .sku: sku = try json.identifier(bytes, .sku)
      case .quantity: quantity = try json.integer(bytes, .quantity, Limits.quantity)
      default: try object.skip(&json, bytes)
      }
    }
    self.line = line
    self.sku = try WireField.sku.required(sku)
    self.quantity = try WireField.quantity.required(quantity)
  }

  /// Writes the line as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.line, line)
    json.member(.sku, sku)
    json.member(.quantity, quantity)
    json.endObject()
  }
}
