/// What is thrown; never inlined, so that the path of good messages stays short.
extension JSONCursor {
  /// The value that comes next is not what the field's rule asks for.
  @inline(never)
  func unexpected(_ bytes: Span<UInt8>, _ field: WireField, _ rule: String) -> Malformed {
    var start = self
    _ = start.peek(bytes)
    guard start.offset < bytes.count else { return syntax(bytes, rule) }
    return Malformed(field: field.rawValue, seen: bytes.extracting(start.valueSeen(bytes)), rule: rule)
  }

  /// The bytes are no JSON: names the byte where reading stopped.
  @inline(never)
  func syntax(_ bytes: Span<UInt8>, _ expected: String) -> Malformed {
    let start = min(offset, bytes.count)
    let seen = Malformed.printable(bytes.extracting(start..<min(start + 16, bytes.count)))
    return Malformed(
      field: Malformed.body, value: seen.isEmpty ? "its end at byte \(start)" : "\(seen) at byte \(start)",
      rule: "JSON with \(expected) there")
  }

  /// The bytes of the next value, or what there is of it. What is called here must not come back here.
  private func valueSeen(_ bytes: Span<UInt8>) -> Range<Int> {
    var end = self
    switch bytes[offset] {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""):
      if case nil = try? end.skip(bytes) { end.offset = min(offset + 4 * Malformed.shownCharacters, bytes.count) }
    default:
      while end.offset < bytes.count, !Self.delimits(bytes[end.offset]) { end.offset += 1 }
    }
    return offset..<end.offset
  }

  /// Whether a byte ends a number or a word.
  static func delimits(_ byte: UInt8) -> Bool {
    switch byte {
    case 0, 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ":"): true
    default: false
    }
  }
}
