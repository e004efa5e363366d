/// Looks at eight bytes of JSON text at once.
enum EightBytes {
  /// Where the first quote, backslash or control character is: the bytes before it mean themselves in a string of JSON.
  ///
  /// - Returns: The number of bytes where there is none.
  static func firstSpecial(in bytes: Span<UInt8>, from start: Int) -> Int {
    var place = start
    // Loading checks its bounds, and any eight bytes are a number.
    while bytes.count &- place >= 8 {
      let eight = bytes.bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self)
      let marks = marks(UInt64(littleEndian: eight))
      if marks != 0 { return place &+ marks.trailingZeroBitCount / 8 }
      place &+= 8
    }
    while place < bytes.count, !isSpecial(bytes[place]) { place &+= 1 }
    return place
  }

  private static func isSpecial(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  /// The highest bit of each byte that is special, and of none below the first such byte.
  ///
  /// Subtracting from a byte borrows into its highest bit where the byte is less. It may borrow from the next byte as
  /// well, which then may be marked wrongly; the first mark is always right.
  @inline(__always)
  private static func marks(_ eight: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let control = (eight &- ones &* 0x20) & ~eight
    let quote = eight ^ (ones &* UInt64(UInt8(ascii: "\"")))
    let slash = eight ^ (ones &* UInt64(UInt8(ascii: "\\")))
    let others = ((quote &- ones) & ~quote) | ((slash &- ones) & ~slash)
    return (control | others) & (ones &* 0x80)
  }
}
