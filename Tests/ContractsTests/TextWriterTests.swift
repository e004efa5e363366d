import Contracts
import Testing

@Suite struct TextWriterTests {
  @Test(arguments: [Int64.min, -10, -1, 0, 9, 10, 12_345, .max])
  func integersInDecimalDigits(_ value: Int64) {
    var text = TextWriter(capacity: 0)
    text.append(decimal: value)
    #expect(text.text == "\(value)")
  }

  @Test func aGivenNumberOfDigits() {
    var text = TextWriter(capacity: 8)
    text.append(digits: 7, width: 3)
    text.append(digits: 12_345, width: 2)
    #expect(text.text == "00745")
  }

  @Test func growsBeyondItsFirstRoom() {
    let words = (0..<200).map { "Wörter \($0) " }
    var text = TextWriter(capacity: 1)
    for word in words {
      text.append(word)
      text.append(UInt8(ascii: ","))
    }
    #expect(text.text == words.map { $0 + "," }.joined())
    #expect(text.bytes == Array(text.text.utf8))
  }

  @Test func textsOfEveryKind() {
    for word in ["", "a", "fifteen letters", "more than fifteen letters", String(repeating: "x", count: 5_000)] {
      var text = TextWriter(capacity: 4)
      text.append(word)
      #expect(text.text == word)
    }
  }
}
