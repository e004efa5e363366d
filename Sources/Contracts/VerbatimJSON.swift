/// A JSON number kept exactly as written: never a binary floating-point number.
public struct ExactNumber: Hashable, Sendable, CustomStringConvertible {
  /// The number's text, such as `29.90`.
  public let text: String

  /// A JSON number of at most 64 characters; `nil` where `text` is anything else.
  public init?(_ text: String) {
    var json = JSONCursor()
    let bytes = text.utf8.span
    guard bytes.count <= Limits.numberBytes, json.scanNumber(bytes), json.offset == bytes.count else { return nil }
    self.text = text
  }

  /// A value that was validated before, such as one from our own database.
  public init(trusted text: String) { self.text = text }

  /// The number's text.
  public var description: String { text }
}

/// A JSON object kept as it came, byte for byte.
public struct RawJSON: Hashable, Sendable {
  /// The object's bytes: valid JSON without duplicate keys and without U+0000.
  public let bytes: [UInt8]

  /// Validates that `bytes` are one JSON object.
  public init(_ bytes: [UInt8]) throws(Malformed) {
    var json = JSONCursor()
    do throws(Malformed) {
      let object = try json.rawObject(bytes.span, .unknown)
      try json.end(bytes.span)
      self = object
    } catch {
      throw error.rooted
    }
  }

  /// A value that was validated before, such as one from our own database.
  public init(trusted bytes: [UInt8]) { self.bytes = bytes }
}
