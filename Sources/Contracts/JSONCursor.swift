/// A pull parser: a position in bytes that are passed beside it. No input can make it trap: every index is checked,
/// every sum reports its overflow, nesting is bounded.
public struct JSONCursor: Sendable {
  /// Where the next byte is read.
  public internal(set) var offset = 0
  /// Objects and arrays that are open.
  var depth = 0

  /// At the start of the bytes.
  public init() {}

  /// The byte at `index`, 0 behind the end: no JSON token starts with it.
  @inline(__always)
  func byte(_ bytes: Span<UInt8>, at index: Int) -> UInt8 {
    index < bytes.count ? bytes[index] : 0
  }

  /// The first byte of the next token.
  @inline(__always)
  mutating func peek(_ bytes: Span<UInt8>) -> UInt8 {
    while true {
      let next = byte(bytes, at: offset)
      switch next {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      default: return next
      }
    }
  }

  /// Steps over `expected` where it is the next token.
  @inline(__always)
  mutating func take(_ expected: UInt8, _ bytes: Span<UInt8>) -> Bool {
    guard peek(bytes) == expected else { return false }
    offset += 1
    return true
  }

  /// Opens the object that must come next.
  public mutating func object(_ bytes: Span<UInt8>) throws(Malformed) -> JSONObject {
    guard take(UInt8(ascii: "{"), bytes) else { throw unexpected(bytes, .unknown, "an object") }
    try descend()
    return JSONObject()
  }

  /// Counts one more open object or array.
  mutating func descend() throws(Malformed) {
    depth += 1
    guard depth <= Limits.depth else {
      throw Malformed(field: Malformed.body, value: "depth \(depth)", rule: "nested at most \(Limits.depth) deep")
    }
  }

  /// Requires that nothing but white space is left.
  public mutating func end(_ bytes: Span<UInt8>) throws(Malformed) {
    _ = peek(bytes)
    guard offset == bytes.count else { throw syntax(bytes, "nothing after the object") }
  }

  /// Steps over `null` where it comes next: a field that is `null` counts as absent.
  public mutating func takeNull(_ bytes: Span<UInt8>) -> Bool {
    peek(bytes) == UInt8(ascii: "n") && takeWord(bytes, 0x6E75_6C6C)
  }

  /// Steps over four letters, given as one big-endian number.
  mutating func takeWord(_ bytes: Span<UInt8>, _ letters: UInt32) -> Bool {
    for index in 0..<4 {
      guard byte(bytes, at: offset + index) == UInt8(truncatingIfNeeded: letters >> (24 - 8 * index)) else {
        return false
      }
    }
    offset += 4
    return true
  }
}
