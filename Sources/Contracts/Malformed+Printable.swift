extension Malformed {
  /// The most characters of a value that are shown.
  static let shownCharacters = 80

  /// `bytes` as text that is safe in a log line, a header and a terminal.
  static func printable(_ bytes: Span<UInt8>) -> String {
    var shown = ""
    var count = 0
    var index = 0
    while index < bytes.count {
      let (piece, length) = printablePiece(bytes, at: index)
      if count + piece.unicodeScalars.count > shownCharacters - (index + length < bytes.count ? 1 : 0) {
        return shown + "…"
      }
      shown += piece
      count += piece.unicodeScalars.count
      index += length
    }
    return shown
  }

  /// One character or the escape that stands for it, and the number of bytes that it covers.
  private static func printablePiece(_ bytes: Span<UInt8>, at index: Int) -> (String, Int) {
    let first = bytes[index]
    if first >= 0x20, first < 0x7F { return (String(UnicodeScalar(first)), 1) }
    if first < 0x80 { return ("\\u{\(String(first, radix: 16))}", 1) }
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    if index + length <= bytes.count,
      let span = try? UTF8Span(validating: bytes.extracting(index..<index + length))
    {
      let text = String(copying: span)
      if let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 {
        return (PrintableText.prints(scalar) ? text : "\\u{\(String(scalar.value, radix: 16))}", length)
      }
    }
    return ("\\x\(String(first, radix: 16))", 1)
  }
}
