/// AMQP headers as the JSON text in which the database keeps them: an object of strings and integers.
public enum HeaderText {
  /// A header's value.
  public enum Value: Sendable, Hashable {
    /// A string.
    case string(String)
    /// An integer.
    case int(Int64)
  }

  /// Writes headers with their names sorted; `{}` for none. U+0000, which the database refuses, becomes U+FFFD.
  public static func encode(_ headers: [String: Value]) -> String {
    guard !headers.isEmpty else { return "{}" }
    var text: [UInt8] = []
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
      text.append(UInt8(ascii: text.isEmpty ? "{" : ","))
      var json = JSONWriter()
      json.string(storable(name))
      text += json.bytes
      text.append(UInt8(ascii: ":"))
      json = JSONWriter()
      switch value {
      case .string(let string): json.string(storable(string))
      case .int(let number): json.integer(number)
      }
      text += json.bytes
    }
    text.append(UInt8(ascii: "}"))
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads what ``encode(_:)`` or the database wrote; values of other types are skipped.
  ///
  /// - Throws: ``Malformed`` for anything but a JSON object.
  public static func decode(_ text: String) throws(Malformed) -> [String: Value] {
    let array = Array(text.utf8)
    let bytes = array.span
    var json = JSONCursor()
    var headers: [String: Value] = [:]
    guard json.take(UInt8(ascii: "{"), bytes) else { throw json.unexpected(bytes, .unknown, "an object") }
    var isFirst = true
    while !json.take(UInt8(ascii: "}"), bytes) {
      if !isFirst, !json.take(UInt8(ascii: ","), bytes) { throw json.syntax(bytes, "a comma or }") }
      isFirst = false
      let name = try json.string(bytes, .unknown)
      guard json.take(UInt8(ascii: ":"), bytes) else { throw json.syntax(bytes, "a colon") }
      switch json.peek(bytes) {
      case UInt8(ascii: "\""): headers[name] = .string(try json.string(bytes, .unknown))
      case UInt8(ascii: "-"), 0x30...0x39: headers[name] = .int(try json.integer(bytes, .unknown, .min ... .max))
      default: try json.skip(bytes)
      }
    }
    try json.end(bytes)
    return headers
  }

  /// Text that PostgreSQL accepts: U+0000, which `text` refuses, becomes U+FFFD.
  public static func storable(_ text: String) -> String {
    guard text.utf8.contains(0) else { return text }
    return String(text.unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : Character($0) })
  }
}
