extension Timestamp {
  /// What a time on the wire must be.
  static let rule = "a time as RFC 3339 has it, with a zone, such as 2026-11-21T09:30:00Z"

  /// Reads an RFC 3339 time with a zone, years 0001 to 9999; `nil` where it is anything else. Digits beyond the
  /// microsecond are cut off, and a leap second is the last microsecond of its minute.
  public init?(rfc3339 bytes: Span<UInt8>) {
    guard bytes.count >= 20, bytes.count <= 64, Self.hasShape(bytes),
      let year = Self.digits(bytes, 0, 4), let month = Self.digits(bytes, 5, 2), let day = Self.digits(bytes, 8, 2),
      let hour = Self.digits(bytes, 11, 2), let minute = Self.digits(bytes, 14, 2),
      let second = Self.digits(bytes, 17, 2),
      year >= 1, month >= 1, month <= 12, day >= 1, day <= CivilDate.days(inMonth: month, of: year),
      hour <= 23, minute <= 59, second <= 60,
      let (fraction, zoneStart) = Self.fraction(bytes), let offset = Self.zone(bytes, at: zoneStart)
    else { return nil }
    let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
    let leap = second == 60
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + (leap ? 59 : second) - offset
    let microseconds = seconds * 1_000_000 + (leap ? 999_999 : fraction)
    guard microseconds >= Self.first, microseconds <= Self.last else { return nil }
    self.init(microseconds: microseconds)
  }

  /// Reads an RFC 3339 time with a zone; `nil` where it is anything else.
  public init?(rfc3339 text: String) {
    self.init(rfc3339: text.utf8.span)
  }

  /// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z: what RFC 3339 can write.
  private static let first: Int64 = -62_135_596_800_000_000
  private static let last: Int64 = 253_402_300_799_999_999

  private static func hasShape(_ bytes: Span<UInt8>) -> Bool {
    bytes[4] == UInt8(ascii: "-") && bytes[7] == UInt8(ascii: "-") && bytes[10] | 0x20 == UInt8(ascii: "t")
      && bytes[13] == UInt8(ascii: ":") && bytes[16] == UInt8(ascii: ":")
  }

  private static func digits(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> Int64? {
    var value: Int64 = 0
    for index in start..<start + count {
      guard let digit = digit(bytes[index]) else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  private static func digit(_ byte: UInt8) -> Int64? {
    byte >= 0x30 && byte <= 0x39 ? Int64(byte) - 0x30 : nil
  }

  /// Microseconds after the second, and where the zone starts.
  private static func fraction(_ bytes: Span<UInt8>) -> (Int64, Int)? {
    guard bytes[19] == UInt8(ascii: ".") else { return (0, 19) }
    var index = 20
    var value: Int64 = 0
    var weight: Int64 = 100_000
    while index < bytes.count, let digit = digit(bytes[index]) {
      value += digit * weight
      weight /= 10
      index += 1
    }
    return index > 20 ? (value, index) : nil
  }

  /// Seconds east of UTC; the zone must be the end of the text.
  private static func zone(_ bytes: Span<UInt8>, at start: Int) -> Int64? {
    guard start < bytes.count else { return nil }
    if bytes[start] | 0x20 == UInt8(ascii: "z") { return bytes.count == start + 1 ? 0 : nil }
    let sign = bytes[start]
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), bytes.count == start + 6,
      bytes[start + 3] == UInt8(ascii: ":"),
      let hours = digits(bytes, start + 1, 2), let minutes = digits(bytes, start + 4, 2), hours <= 23, minutes <= 59
    else { return nil }
    let offset = hours * 3600 + minutes * 60
    return sign == UInt8(ascii: "+") ? offset : -offset
  }
}

extension Timestamp: Encodable {
  /// As RFC 3339 has it.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rfc3339)
  }
}
