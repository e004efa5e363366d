/// Reads integers in decimal digits, with one space between them.
///
/// What it reads is made by a statement: anything else in it is a programming error and stops the program.
public struct NumberReader {
  private let text: UnsafeRawBufferPointer
  private var place = 0

  init(_ text: UnsafeRawBufferPointer) { self.text = text }

  var isAtEnd: Bool { place >= text.count }

  /// The next integer.
  public mutating func next() -> Int64 {
    precondition(place < text.count, "a number is missing")
    let isNegative = text[place] == UInt8(ascii: "-")
    if isNegative { place += 1 }
    precondition(place < text.count && text[place] != UInt8(ascii: " "), "a number has no digits")
    var value: Int64 = 0
    while place < text.count, text[place] != UInt8(ascii: " ") {
      let digit = text[place] &- UInt8(ascii: "0")
      precondition(digit < 10, "a number has something else than digits")
      // Down from zero, which has one more number below than above.
      value = value * 10 - Int64(digit)
      place += 1
    }
    place += 1
    return isNegative ? value : -value
  }
}
