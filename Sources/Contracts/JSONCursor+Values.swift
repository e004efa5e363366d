extension JSONCursor {
  /// Steps over the next value, whatever it is, and validates it.
  public mutating func skip(_ bytes: Span<UInt8>) throws(Malformed) {
    switch peek(bytes) {
    case UInt8(ascii: "{"):
      var object = try object(bytes)
      while try object.next(&self, bytes) != nil { try object.skip(&self, bytes) }
    case UInt8(ascii: "["): try skipArray(bytes)
    case UInt8(ascii: "\""): try skipString(bytes)
    default:
      guard takeTruth(bytes) != nil || takeNull(bytes) || scanNumber(bytes) else { throw syntax(bytes, "a value") }
    }
  }

  private mutating func skipArray(_ bytes: Span<UInt8>) throws(Malformed) {
    offset += 1
    try descend()
    if !take(UInt8(ascii: "]"), bytes) {
      var index = 0
      repeat {
        do throws(Malformed) { try skip(bytes) } catch { throw error.inside("[\(index)]") }
        index += 1
      } while take(UInt8(ascii: ","), bytes)
      guard take(UInt8(ascii: "]"), bytes) else { throw syntax(bytes, "a comma or ]") }
    }
    depth -= 1
  }

  private mutating func skipString(_ bytes: Span<UInt8>) throws(Malformed) {
    guard let range = try plainString(bytes, .unknown) else {
      let unescaped = try escapedString(bytes, .unknown)
      _ = try text(unescaped.span, .unknown)
      return
    }
    guard (try? UTF8Span(validating: bytes.extracting(range))) != nil else {
      throw Malformed(field: "", seen: bytes.extracting(range), rule: "valid UTF-8")
    }
  }

  /// Reads `true` or `false`.
  public mutating func bool(_ bytes: Span<UInt8>, _ field: WireField) throws(Malformed) -> Bool {
    guard let value = takeTruth(bytes) else { throw unexpected(bytes, field, "true or false") }
    return value
  }

  private mutating func takeTruth(_ bytes: Span<UInt8>) -> Bool? {
    let first = peek(bytes)
    if first == UInt8(ascii: "t"), takeWord(bytes, 0x7472_7565) { return true }
    if first == UInt8(ascii: "f"), byte(bytes, at: offset + 4) == UInt8(ascii: "e"), takeWord(bytes, 0x6661_6C73) {
      offset += 1
      return false
    }
    return nil
  }

  /// Reads an integer within `range`: no fraction, no exponent, no leading zero.
  public mutating func integer(
    _ bytes: Span<UInt8>, _ field: WireField, _ range: ClosedRange<Int64>
  ) throws(Malformed) -> Int64 {
    let isNegative = peek(bytes) == UInt8(ascii: "-")
    let start = isNegative ? offset + 1 : offset
    var index = start
    // Counts away from zero on the number's own side, so that the smallest Int64 needs no case of its own.
    var value: Int64 = 0
    var overflow = false
    while true {
      let digit = byte(bytes, at: index) &- 0x30
      guard digit <= 9 else { break }
      let (product, productOverflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = product.addingReportingOverflow(isNegative ? -Int64(digit) : Int64(digit))
      overflow = overflow || productOverflow || sumOverflow
      value = sum
      index += 1
    }
    let leadingZero = index > start + 1 && byte(bytes, at: start) == UInt8(ascii: "0")
    guard index > start, !leadingZero, !overflow, Self.delimits(byte(bytes, at: index)), range.contains(value)
    else { throw unexpected(bytes, field, "an integer from \(range.lowerBound) to \(range.upperBound)") }
    offset = index
    return value
  }

  /// Reads an integer within `range`.
  public mutating func int32(
    _ bytes: Span<UInt8>, _ field: WireField, _ range: ClosedRange<Int32>
  ) throws(Malformed) -> Int32 {
    Int32(truncatingIfNeeded: try integer(bytes, field, Int64(range.lowerBound)...Int64(range.upperBound)))
  }

  /// Steps over a number as RFC 8259 writes it; `false` where there is none.
  mutating func scanNumber(_ bytes: Span<UInt8>) -> Bool {
    var index = offset
    func digits() -> Bool {
      let start = index
      while byte(bytes, at: index) &- 0x30 <= 9 { index += 1 }
      return index > start
    }
    if byte(bytes, at: index) == UInt8(ascii: "-") { index += 1 }
    if byte(bytes, at: index) == UInt8(ascii: "0") {
      index += 1
    } else if !digits() {
      return false
    }
    if byte(bytes, at: index) == UInt8(ascii: ".") {
      index += 1
      if !digits() { return false }
    }
    if byte(bytes, at: index) | 0x20 == UInt8(ascii: "e") {
      index += 1
      let sign = byte(bytes, at: index)
      if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { index += 1 }
      if !digits() { return false }
    }
    offset = index
    return true
  }
}
