/// A place on Earth.
public struct Coordinates: Payload {
  /// Degrees of latitude, north of the equator positive, as they were written.
  public var lat: ExactNumber
  /// Degrees of longitude, east of Greenwich positive, as they were written.
  public var lng: ExactNumber

  /// From values that are known to keep the rules of the wire format.
  public init(lat: ExactNumber, lng: ExactNumber) {
    self.lat = lat
    self.lng = lng
  }

  /// Both numbers as they were written: `52.5,13.4`.
  public var text: String { "\(lat.text),\(lng.text)" }

  /// Whether both name the same place, however they are written: `52.5` and `52.50`.
  public func isSame(as other: Coordinates) -> Bool {
    Double(lat.text) == Double(other.lat.text) && Double(lng.text) == Double(other.lng.text)
  }
}

extension Coordinates {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var lat: ExactNumber?
    var lng: ExactNumber?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .lat: lat = try json.degrees(bytes, .lat, Limits.latitude)
      case .lng: lng = try json.degrees(bytes, .lng, Limits.longitude)
      default: try object.skip(&json, bytes)
      }
    }
    self.lat = try WireField.lat.required(lat)
    self.lng = try WireField.lng.required(lng)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.lat, lat)
    json.member(.lng, lng)
    json.endObject()
  }
}

extension JSONCursor {
  /// Reads an angle and keeps its text; a binary floating-point number only compares it with its bounds.
  fileprivate mutating func degrees(
    _ bytes: Span<UInt8>, _ field: WireField, _ range: ClosedRange<Double>
  ) throws(Malformed) -> ExactNumber {
    let number = try number(bytes, field)
    guard let value = Double(number.text), range.contains(value) else {
      throw Malformed(
        field: field.rawValue, value: number.text,
        rule: "a number from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
    }
    return number
  }
}
