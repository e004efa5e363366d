import Synchronization

/// Ids of the events that Tallyman causes.
public enum EventID {
  /// A UUID of version 7: time-ordered, so that whoever keeps such ids in an index appends to it.
  ///
  /// - Parameter now: The time to carry.
  /// - Returns: 36 characters in lower case.
  public static func next(at now: Timestamp) -> String {
    let (first, second) = numbers.withLock { ($0.next(), $0.next()) }
    let milliseconds = UInt64(bitPattern: now.microseconds / 1000)
    return text(
      high: (milliseconds << 16) | 0x7000 | (first & 0x0FFF),
      low: (second & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000)
  }

  /// One generator for the process: asking the system for each id is a system call, twice per event.
  private static let numbers = Mutex(SeededNumbers())

  private static func text(high: UInt64, low: UInt64) -> String {
    String(unsafeUninitializedCapacity: 36) { buffer in
      var place = 0
      // Every position below is less than 36: 32 digits and 4 dashes.
      func append(_ word: UInt64, dashesBefore first: Int, _ second: Int) {
        for index in 0..<16 {
          if index == first || index == second {
            buffer[place] = UInt8(ascii: "-")
            place += 1
          }
          let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * index)) & 0xF
          buffer[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
          place += 1
        }
      }
      append(high, dashesBefore: 8, 12)
      append(low, dashesBefore: 0, 4)
      return place
    }
  }
}

/// xoshiro256** (Blackman and Vigna), with 256 bits from the system as its seed: ids have to be unique, not secret.
private struct SeededNumbers {
  private var s0 = UInt64.random(in: .min ... .max)
  private var s1 = UInt64.random(in: .min ... .max)
  private var s2 = UInt64.random(in: .min ... .max)
  private var s3 = UInt64.random(in: 1 ... .max)  // not all may be 0

  mutating func next() -> UInt64 {
    let result = Self.rotated(s1 &* 5, by: 7) &* 9
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = Self.rotated(s3, by: 45)
    return result
  }

  private static func rotated(_ value: UInt64, by count: UInt64) -> UInt64 {
    (value << count) | (value >> (64 - count))
  }
}
