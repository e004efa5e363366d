/// What a product is also counted in, such as a carton of 24.
public struct ProductUnit: Payload {
  /// Its name: 1 to 64 letters, digits and `._/-`.
  public var unit: UnitName
  /// How many base units one of it is, 1 to 1,000,000: always a whole number.
  public var factor: Int64

  /// From values that are known to keep the rules of the wire format.
  public init(unit: UnitName, factor: Int64) {
    self.unit = unit
    self.factor = factor
  }
}

extension ProductUnit {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var unit: UnitName?
    var factor: Int64?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .unit: unit = try json.identifier(bytes, .unit)
      case .factor: factor = try json.integer(bytes, .factor, Limits.factor)
      default: try object.skip(&json, bytes)
      }
    }
    self.unit = try WireField.unit.required(unit)
    self.factor = try WireField.factor.required(factor)
  }

  /// Writes the unit as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.unit, unit)
    json.member(.factor, factor)
    json.endObject()
  }

  /// A unit that comes twice would have two factors.
  static func distinct(_ units: [ProductUnit]) throws(Malformed) -> [ProductUnit] {
    var seen: Set<UnitName> = []
    for (index, unit) in units.enumerated() where !seen.insert(unit.unit).inserted {
      throw Malformed(field: "units[\(index)].unit", value: unit.unit.value, rule: "unique in its product")
    }
    return units
  }
}
