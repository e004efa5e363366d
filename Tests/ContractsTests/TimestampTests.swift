import Contracts
import TestServers
import Testing

@Suite("Times")
struct TimestampTests {
  @Test(
    "known moments",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2026-11-21T09:30:00Z", 1_795_253_400_000_000),
      ("2026-11-21T10:30:00.5+01:00", 1_795_253_400_500_000), ("2026-11-21t00:30:00z", 1_795_221_000_000_000),
      ("2026-11-20T23:30:00-10:00", 1_795_253_400_000_000), ("1969-12-31T23:59:59.999999Z", -1),
      ("2016-12-31T23:59:60Z", 1_483_228_799_999_999), ("2000-02-29T00:00:00Z", 951_782_400_000_000),
      ("0001-01-01T00:00:00Z", -62_135_596_800_000_000), ("9999-12-31T23:59:59.9999999Z", 253_402_300_799_999_999),
      ("2026-11-21T09:30:00-00:00", 1_795_253_400_000_000),
    ])
  func known(_ text: String, _ microseconds: Int64) {
    #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
  }

  @Test(
    "what RFC 3339 cannot write in UTC is refused",
    arguments: [
      "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
      "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "+026-01-01T00:00:00Z", "2026-11-21T09:60:00Z",
      "2026-11-21T09:30:00+01:60", "2026-11-21T09:30:00,5Z", "2026-11-21T09:30:00 Z",
    ])
  func refused(_ text: String) { #expect(Timestamp(rfc3339: text) == nil) }

  @Test("10,000 moments between the years 1 and 9999 come back from their text")
  func roundTrip() {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<10_000 {
      var microseconds = Int64.random(in: -62_135_596_800_000_000...253_402_300_799_999_999, using: &random)
      if microseconds % 3 == 0 { microseconds -= microseconds % 1_000_000 }
      let time = Timestamp(microseconds: microseconds)
      #expect(Timestamp(rfc3339: time.rfc3339) == time)
      #expect(Timestamp(microseconds: Int64(time.day) * 86_400_000_000).rfc3339.dropLast(10) == time.rfc3339.prefix(10))
    }
  }

  @Test("each day of four centuries follows the one before")
  func calendar() {
    var last = ""
    for day in Int64(-1)...146_097 {
      let time = Timestamp(microseconds: day * 86_400_000_000)
      #expect(time.rfc3339 > last && time.day == Int32(day))
      last = time.rfc3339
    }
  }

  @Test("text is the same in any number of decimals")
  func text() {
    #expect(Timestamp(microseconds: 1_795_253_400_000_000).rfc3339 == "2026-11-21T09:30:00Z")
    #expect(Timestamp(microseconds: 1_795_253_400_000_070).rfc3339 == "2026-11-21T09:30:00.000070Z")
    #expect(Timestamp(microseconds: -1).description == "1969-12-31T23:59:59.999999Z")
    // Years that RFC 3339 cannot write are shown all the same.
    #expect(Timestamp(microseconds: 253_402_300_800_000_000).rfc3339 == "10000-01-01T00:00:00Z")
    #expect(Timestamp(microseconds: .max).rfc3339 == "294247-01-10T04:00:54.775807Z")
    #expect(Timestamp(microseconds: .min).rfc3339 == "-290308-12-21T19:59:05.224192Z")
  }

  @Test("days round down, arithmetic stays in range")
  func arithmetic() {
    let time = Timestamp(microseconds: 10)
    #expect((time + .seconds(1)).microseconds == 1_000_010)
    #expect((time - .milliseconds(1)).microseconds == -990)
    #expect(time - Timestamp(microseconds: -5) == .microseconds(15))
    #expect(Timestamp(microseconds: .max) + .seconds(1) == Timestamp(microseconds: .max))
    #expect(Timestamp(microseconds: .min) - .seconds(Int64.max) == Timestamp(microseconds: .min))
    #expect(Timestamp(microseconds: 0) - .seconds(Int64.min) == Timestamp(microseconds: .max))
    #expect(Timestamp(microseconds: -1).day == -1)
    #expect(!Timestamp(microseconds: .min).rfc3339.isEmpty)
    #expect(Timestamp(microseconds: 1) < Timestamp(microseconds: 2))
    #expect(Timestamp.now > Timestamp(microseconds: 1_700_000_000_000_000))
  }
}
