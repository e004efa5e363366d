extension JSONCursor {
  /// Reads a string.
  public mutating func string(_ bytes: Span<UInt8>, _ field: WireField) throws(Malformed) -> String {
    if let range = try plainString(bytes, field) {
      return try text(bytes.extracting(range), field)
    }
    let unescaped = try escapedString(bytes, field)
    return try text(unescaped.span, field)
  }

  /// Steps over a string where it is this one, which has nothing to escape, and makes no text of it.
  mutating func take(string expected: StaticString, _ bytes: Span<UInt8>, _ field: WireField) throws(Malformed) -> Bool
  {
    let start = self
    if let range = try plainString(bytes, field), range.count == expected.utf8CodeUnitCount,
      expected.withUTF8Buffer({ Self.areEqual(bytes.extracting(range), $0.span) })
    {
      return true
    }
    self = start
    return false
  }

  private static func areEqual(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
    for index in one.indices where one[index] != other[index] { return false }
    return true
  }

  /// Steps over a string without escapes and gives the range of its bytes; `nil`, without a step, where it has some.
  mutating func plainString(_ bytes: Span<UInt8>, _ field: WireField) throws(Malformed) -> Range<Int>? {
    guard peek(bytes) == UInt8(ascii: "\"") else { throw unexpected(bytes, field, "a string") }
    let start = offset + 1
    let end = EightBytes.firstSpecial(in: bytes, from: start)
    guard end < bytes.count else { throw unterminated(bytes) }
    switch bytes[end] {
    case UInt8(ascii: "\""):
      offset = end + 1
      return start..<end
    case UInt8(ascii: "\\"): return nil
    default: throw control(bytes, start..<end + 1, field)
    }
  }

  /// Copies bytes into a string where they are UTF-8.
  func text(_ bytes: Span<UInt8>, _ field: WireField) throws(Malformed) -> String {
    do {
      return String(copying: try UTF8Span(validating: bytes))
    } catch {
      throw Malformed(field: field.rawValue, seen: bytes, rule: "valid UTF-8")
    }
  }

  /// Reads a string with escapes into bytes.
  mutating func escapedString(_ bytes: Span<UInt8>, _ field: WireField) throws(Malformed) -> [UInt8] {
    let start = offset + 1
    var unescaped: [UInt8] = []
    offset = start
    while offset < bytes.count {
      let next = bytes[offset]
      if next == UInt8(ascii: "\"") {
        offset += 1
        return unescaped
      }
      if next < 0x20 { throw control(bytes, start..<offset + 1, field) }
      offset += 1
      if next == UInt8(ascii: "\\") {
        try escape(bytes, from: start, field, into: &unescaped)
      } else {
        unescaped.append(next)
      }
    }
    throw unterminated(bytes)
  }

  private mutating func escape(
    _ bytes: Span<UInt8>, from start: Int, _ field: WireField, into unescaped: inout [UInt8]
  ) throws(Malformed) {
    let letter = byte(bytes, at: offset)
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(letter)
    case UInt8(ascii: "b"): unescaped.append(0x08)
    case UInt8(ascii: "f"): unescaped.append(0x0C)
    case UInt8(ascii: "n"): unescaped.append(0x0A)
    case UInt8(ascii: "r"): unescaped.append(0x0D)
    case UInt8(ascii: "t"): unescaped.append(0x09)
    case UInt8(ascii: "u"):
      let scalar = try unicodeEscape(bytes, from: start, field)
      unescaped.append(contentsOf: String(scalar).utf8)
      return
    default: throw syntax(bytes, "an escape that JSON knows")
    }
    offset += 1
  }

  /// Reads the `uXXXX` at the offset, and the second half of a surrogate pair.
  private mutating func unicodeEscape(
    _ bytes: Span<UInt8>, from start: Int, _ field: WireField
  ) throws(Malformed) -> UnicodeScalar {
    let first = try hexUnit(bytes)
    if first == 0 { throw control(bytes, start..<offset, field) }
    if let scalar = UnicodeScalar(first) { return scalar }
    if first < 0xDC00, byte(bytes, at: offset) == UInt8(ascii: "\\"), byte(bytes, at: offset + 1) == UInt8(ascii: "u") {
      offset += 1
      let second = try hexUnit(bytes)
      if second >= 0xDC00, second <= 0xDFFF,
        let scalar = UnicodeScalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
      {
        return scalar
      }
    }
    throw Malformed(field: field.rawValue, seen: bytes.extracting(start..<offset), rule: "without lone surrogates")
  }

  private mutating func hexUnit(_ bytes: Span<UInt8>) throws(Malformed) -> UInt32 {
    var unit: UInt32 = 0
    for index in 1...4 {
      let digit = byte(bytes, at: offset + index)
      switch digit {
      case 0x30...0x39: unit = unit << 4 | UInt32(digit - 0x30)
      case 0x41...0x46: unit = unit << 4 | UInt32(digit - 0x37)
      case 0x61...0x66: unit = unit << 4 | UInt32(digit - 0x57)
      default: throw syntax(bytes, "four hexadecimal digits")
      }
    }
    offset += 5
    return unit
  }

  @inline(never)
  private func control(_ bytes: Span<UInt8>, _ range: Range<Int>, _ field: WireField) -> Malformed {
    Malformed(
      field: field.rawValue, seen: bytes.extracting(range), rule: "without U+0000, other control characters escaped")
  }

  @inline(never)
  private func unterminated(_ bytes: Span<UInt8>) -> Malformed {
    var end = self
    end.offset = bytes.count
    return end.syntax(bytes, "the end of a string")
  }
}
