import Contracts
import Testing

@Suite("Integers")
struct IntegerTests {
  private func read(_ text: String, _ range: ClosedRange<Int64>) -> Int64? {
    var json = JSONCursor()
    return try? json.integer(text.utf8.span, .quantity, range)
  }

  @Test(
    "every Int64 is read, nothing beyond",
    arguments: [
      ("0", 0), ("-0", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min), ("9223372036854775808", nil),
      ("-9223372036854775809", nil), ("99999999999999999999999999", nil), ("18446744073709551616", nil), ("00", nil),
      ("-01", nil), ("", nil), ("-", nil), (" \n7 ", 7),
    ] as [(String, Int64?)])
  func limits(_ text: String, _ expected: Int64?) {
    #expect(read(text, .min ... .max) == expected)
  }

  @Test("the bounds belong to the range")
  func bounds() {
    #expect(read("1", Limits.quantity) == 1)
    #expect(read("1000000000", Limits.quantity) == 1_000_000_000)
    #expect(read("1000000001", Limits.quantity) == nil)
    #expect(read("-1000", -1000...1000) == -1000)
    #expect(read("-1001", -1000...1000) == nil)
  }
}
