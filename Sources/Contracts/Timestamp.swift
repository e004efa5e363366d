/// A moment, in microseconds: what PostgreSQL's `timestamptz` can hold.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Microseconds since 1970-01-01T00:00:00Z.
  public let microseconds: Int64

  /// The moment `microseconds` after 1970-01-01T00:00:00Z.
  public init(microseconds: Int64) {
    self.microseconds = microseconds
  }

  /// Days since 1970-01-01 in UTC, rounded down.
  public var day: Int32 {
    Int32(Self.floorDivide(microseconds, Self.microsecondsPerDay).quotient)
  }

  /// The moment in UTC, such as `2026-11-21T09:30:00Z`, with six decimals where the second is not whole.
  public var rfc3339: String {
    var text = TextWriter(capacity: 32)
    write(to: &text)
    return text.text
  }

  /// Writes it as ``rfc3339`` has it.
  func write(to text: inout TextWriter) {
    let (day, inDay) = Self.floorDivide(microseconds, Self.microsecondsPerDay)
    let (year, month, date) = CivilDate.from(daysSinceEpoch: day)
    let (second, fraction) = inDay.quotientAndRemainder(dividingBy: 1_000_000)
    // RFC 3339 has no other years; what cannot be written may still have to be shown.
    if (0...9_999).contains(year) { text.append(digits: year.magnitude, width: 4) } else { text.append(decimal: year) }
    text.append(UInt8(ascii: "-"))
    text.append(digits: month.magnitude, width: 2, then: "-")
    text.append(digits: date.magnitude, width: 2, then: "T")
    text.append(digits: (second / 3600).magnitude, width: 2, then: ":")
    text.append(digits: (second / 60 % 60).magnitude, width: 2, then: ":")
    text.append(digits: (second % 60).magnitude, width: 2, then: fraction == 0 ? "Z" : ".")
    if fraction != 0 { text.append(digits: fraction.magnitude, width: 6, then: "Z") }
  }

  /// The same as `rfc3339`.
  public var description: String { rfc3339 }

  /// Earlier comes first.
  public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool { lhs.microseconds < rhs.microseconds }

  /// `duration` later, rounded to microseconds; stays at the first or last moment that can be held.
  public static func + (lhs: Timestamp, duration: Duration) -> Timestamp {
    shifted(lhs, by: microseconds(of: duration))
  }

  /// `duration` earlier; stays at the first or last moment that can be held.
  public static func - (lhs: Timestamp, duration: Duration) -> Timestamp {
    let (negated, overflow) = Int64(0).subtractingReportingOverflow(microseconds(of: duration))
    return shifted(lhs, by: overflow ? .max : negated)
  }

  /// The time from `rhs` to `lhs`.
  public static func - (lhs: Timestamp, rhs: Timestamp) -> Duration {
    Duration.microseconds(lhs.microseconds) - Duration.microseconds(rhs.microseconds)
  }

  static let microsecondsPerDay: Int64 = 86_400_000_000

  private static func shifted(_ start: Timestamp, by microseconds: Int64) -> Timestamp {
    let (sum, overflow) = start.microseconds.addingReportingOverflow(microseconds)
    return Timestamp(microseconds: overflow ? (microseconds < 0 ? .min : .max) : sum)
  }

  private static func microseconds(of duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    let (sum, sumOverflow) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000)
    return overflow || sumOverflow ? (seconds < 0 ? .min : .max) : sum
  }

  static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
