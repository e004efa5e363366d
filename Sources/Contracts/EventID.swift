/// Ids of the events that Tallyman causes.
public enum EventID {
  /// A UUID of version 7: time-ordered, so that whoever keeps such ids in an index appends to it.
  ///
  /// - Parameter now: The time to carry.
  /// - Returns: 36 characters in lower case.
  public static func next(at now: Timestamp) -> String {
    let milliseconds = UInt64(bitPattern: now.microseconds / 1000)
    let random = UInt64.random(in: .min ... .max)
    let high = (milliseconds << 16) | 0x7000 | (random & 0x0FFF)
    let low = (UInt64.random(in: .min ... .max) & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
    var text: [UInt8] = []
    text.reserveCapacity(36)
    append(high, to: &text, dashesBefore: [8, 12])
    text.append(UInt8(ascii: "-"))
    append(low, to: &text, dashesBefore: [4])
    return String(decoding: text, as: UTF8.self)
  }

  private static func append(_ value: UInt64, to text: inout [UInt8], dashesBefore positions: [Int]) {
    for position in 0..<16 {
      if positions.contains(position) { text.append(UInt8(ascii: "-")) }
      let digit = UInt8((value >> UInt64(60 - 4 * position)) & 0xF)
      text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }
}
