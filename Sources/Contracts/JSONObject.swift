/// An object while it is read: gives its keys one by one and refuses one that comes twice.
public struct JSONObject {
  private var seen: UInt128 = 0
  private var unknown: Set<String> = []
  private var isFirst = true
  /// The bytes of the last key as they were written.
  private var keyRange = 0..<0

  /// Steps to the next key; `nil` at the end of the object. The key's value must be read or skipped before the next
  /// call.
  public mutating func next(_ json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) -> WireField? {
    if json.take(UInt8(ascii: "}"), bytes) {
      json.depth -= 1
      return nil
    }
    if !isFirst, !json.take(UInt8(ascii: ","), bytes) { throw json.syntax(bytes, "a comma or }") }
    isFirst = false
    guard json.peek(bytes) == UInt8(ascii: "\"") else { throw json.syntax(bytes, "a key in double quotes") }
    let field = try key(&json, bytes)
    guard json.take(UInt8(ascii: ":"), bytes) else { throw json.syntax(bytes, "a colon") }
    return field
  }

  /// Steps over the value of the last key and validates it.
  public func skip(_ json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    do throws(Malformed) {
      try json.skip(bytes)
    } catch {
      throw error.inside(Malformed.printable(bytes.extracting(keyRange)))
    }
  }

  private mutating func key(_ json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) -> WireField {
    let start = json.offset
    if let range = try json.plainString(bytes, .unknown) {
      keyRange = range
      if let known = WireField.Table.shared.find(bytes.extracting(range)) { return try once(known) }
      json.offset = start
    }
    let name = try json.string(bytes, .unknown)
    keyRange = start + 1..<json.offset - 1
    if let known = WireField.Table.shared.find(name.utf8.span) { return try once(known) }
    guard unknown.insert(name).inserted else { throw Self.duplicate(name) }
    return .unknown
  }

  private mutating func once(_ known: WireField.Table.Entry) throws(Malformed) -> WireField {
    guard seen & known.bit == 0 else { throw Self.duplicate(known.field.rawValue) }
    seen |= known.bit
    return known.field
  }

  private static func duplicate(_ name: String) -> Malformed {
    Malformed(field: Malformed.printable(name.utf8.span), value: "there twice", rule: "at most once in its object")
  }
}
