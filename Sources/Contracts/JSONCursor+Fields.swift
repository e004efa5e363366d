/// Readers of what contracts are made of: each names the field and the rule where the value breaks it.
extension JSONCursor {
  /// Reads an identifier.
  public mutating func identifier<ID: Identifier>(_ bytes: Span<UInt8>, _ field: WireField) throws(Malformed) -> ID {
    ID(trusted: try word(bytes, field, ID.syntax))
  }

  /// Reads an id that we made out of others: 1 to 256 printable ASCII characters without space.
  public mutating func key(_ bytes: Span<UInt8>, _ field: WireField) throws(Malformed) -> String {
    try word(bytes, field, .compound)
  }

  private mutating func word(
    _ bytes: Span<UInt8>, _ field: WireField, _ syntax: IdentifierSyntax
  ) throws(Malformed) -> String {
    let text = try string(bytes, field)
    guard syntax.accepts(text.utf8.span) else {
      throw Malformed(field: field.rawValue, value: text, rule: syntax.rule)
    }
    return text
  }

  /// Reads an attribute of the envelope: 1 to 255 bytes without control characters.
  public mutating func attribute(_ bytes: Span<UInt8>, _ field: WireField) throws(Malformed) -> String {
    let text = try string(bytes, field)
    guard IdentifierSyntax.acceptsAttribute(text.utf8.span) else {
      throw Malformed(
        field: field.rawValue, value: text, rule: "1 to \(Limits.attributeBytes) bytes without control characters")
    }
    return text
  }

  /// Reads free text with so many Unicode scalars.
  public mutating func text(
    _ bytes: Span<UInt8>, _ field: WireField, _ length: ClosedRange<Int>
  ) throws(Malformed) -> String {
    let text = try string(bytes, field)
    guard text.utf8.count >= length.lowerBound,
      text.utf8.count <= length.upperBound || text.unicodeScalars.count <= length.upperBound
    else {
      throw Malformed(
        field: field.rawValue, value: text, rule: "\(length.lowerBound) to \(length.upperBound) characters")
    }
    return text
  }

  /// Reads a word out of a closed list.
  public mutating func choice<Choice: WireChoice>(
    _ bytes: Span<UInt8>, _ field: WireField
  ) throws(Malformed) -> Choice {
    let text = try string(bytes, field)
    guard let choice = Choice(rawValue: text) else {
      let allowed = Choice.allCases.map(\.rawValue)
      throw Malformed(
        field: field.rawValue, value: text,
        rule: allowed.count == 1 ? allowed[0] : "one of \(allowed.joined(separator: ", "))")
    }
    return choice
  }

  /// Reads an RFC 3339 time.
  public mutating func timestamp(_ bytes: Span<UInt8>, _ field: WireField) throws(Malformed) -> Timestamp {
    if let range = try plainString(bytes, field) {
      let text = bytes.extracting(range)
      guard let time = Timestamp(rfc3339: text) else {
        throw Malformed(field: field.rawValue, seen: text, rule: Timestamp.rule)
      }
      return time
    }
    let text = try string(bytes, field)
    guard let time = Timestamp(rfc3339: text) else {
      throw Malformed(field: field.rawValue, value: text, rule: Timestamp.rule)
    }
    return time
  }

  /// Reads a number and keeps its text.
  public mutating func number(_ bytes: Span<UInt8>, _ field: WireField) throws(Malformed) -> ExactNumber {
    _ = peek(bytes)
    var end = self
    guard end.scanNumber(bytes), Self.delimits(byte(bytes, at: end.offset)),
      end.offset - offset <= Limits.numberBytes
    else { throw unexpected(bytes, field, "a number of at most \(Limits.numberBytes) characters") }
    defer { offset = end.offset }
    return ExactNumber(trusted: try text(bytes.extracting(offset..<end.offset), field))
  }

  /// Reads an object and keeps its bytes.
  public mutating func rawObject(_ bytes: Span<UInt8>, _ field: WireField) throws(Malformed) -> RawJSON {
    guard peek(bytes) == UInt8(ascii: "{") else { throw unexpected(bytes, field, "an object") }
    let start = offset
    do throws(Malformed) { try skip(bytes) } catch { throw error.inside(field.rawValue) }
    var copy: [UInt8] = []
    copy.reserveCapacity(offset - start)
    for index in start..<offset { copy.append(bytes[index]) }
    return RawJSON(trusted: copy)
  }

  /// Reads an object that stands in a field.
  public mutating func nested<Value: Payload>(
    _ bytes: Span<UInt8>, _ field: WireField
  ) throws(Malformed) -> Value {
    guard peek(bytes) == UInt8(ascii: "{") else { throw unexpected(bytes, field, "an object") }
    do throws(Malformed) {
      return try Value(decoding: &self, bytes)
    } catch {
      throw error.inside(field.rawValue)
    }
  }

  /// Reads an array of objects.
  public mutating func array<Element: Payload>(
    _ bytes: Span<UInt8>, _ field: WireField, _ count: ClosedRange<Int>
  ) throws(Malformed) -> [Element] {
    guard take(UInt8(ascii: "["), bytes) else { throw unexpected(bytes, field, "an array") }
    try descend()
    var elements: [Element] = []
    if !take(UInt8(ascii: "]"), bytes) {
      elements.reserveCapacity(2)
      repeat {
        guard elements.count < count.upperBound else { throw Self.wrongCount(field, "more", count) }
        do throws(Malformed) {
          elements.append(try Element(decoding: &self, bytes))
        } catch {
          throw error.inside("\(field.rawValue)[\(elements.count)]")
        }
      } while take(UInt8(ascii: ","), bytes)
      guard take(UInt8(ascii: "]"), bytes) else { throw syntax(bytes, "a comma or ]") }
    }
    depth -= 1
    guard count.contains(elements.count) else { throw Self.wrongCount(field, "\(elements.count)", count) }
    return elements
  }

  @inline(never)
  private static func wrongCount(_ field: WireField, _ seen: String, _ count: ClosedRange<Int>) -> Malformed {
    Malformed(
      field: field.rawValue, value: "\(seen) elements", rule: "\(count.lowerBound) to \(count.upperBound) elements")
  }
}
