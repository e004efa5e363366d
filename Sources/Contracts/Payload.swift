/// The `data` of an event, or an object inside it: readable and writable, because we consume our own events.
public protocol Payload: Hashable, Sendable {
  /// Reads the object that comes next in `bytes`; unknown fields are skipped.
  init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed)
  /// Writes the payload as one object.
  func encode(to json: inout JSONWriter)
}
