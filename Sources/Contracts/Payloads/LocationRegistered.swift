/// `location.registered`: a place that can hold stock.
public struct LocationRegistered: Payload {
  /// The location.
  public var locationID: LocationID
  /// Name for people, 1 to 500 characters.
  public var name: String
  /// Higher is chosen first where a policy asks for it, 0 to 1000.
  public var priority: Int32
  /// Whether orders may be served from here.
  public var sellable: Bool
  /// Where it is, for the location policy `nearest`; it may also be said later, by registering the location again.
  public var coordinates: Coordinates?

  /// From values that are known to keep the rules of the wire format.
  public init(
    locationID: LocationID, name: String, priority: Int32 = 0, sellable: Bool = true, coordinates: Coordinates? = nil
  ) {
    self.locationID = locationID
    self.name = name
    self.priority = priority
    self.sellable = sellable
    self.coordinates = coordinates
  }
}

extension LocationRegistered {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var locationID: LocationID?
    var name: String?
    var priority: Int32 = 0
    var sellable: Bool = true
    var coordinates: Coordinates?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .locationID: locationID = try json.identifier(bytes, .locationID)
      case .name: name = try json.text(bytes, .name, 1...500)
      case .priority: priority = try json.takeNull(bytes) ? 0 : json.int32(bytes, .priority, Limits.locationPriority)
      case .sellable: sellable = try json.takeNull(bytes) ? true : json.bool(bytes, .sellable)
      case .coordinates: coordinates = try json.takeNull(bytes) ? nil : json.nested(bytes, .coordinates)
      default: try object.skip(&json, bytes)
      }
    }
    self.locationID = try WireField.locationID.required(locationID)
    self.name = try WireField.name.required(name)
    self.priority = priority
    self.sellable = sellable
    self.coordinates = coordinates
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.locationID, locationID)
    json.member(.name, name)
    json.member(.priority, priority)
    json.member(.sellable, sellable)
    json.member(.coordinates, coordinates)
    json.endObject()
  }
}
