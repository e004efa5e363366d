import FoundationEssentials

/// How text becomes mail: ASCII, short lines, nothing that could end a header early (RFC 2045, 2047 and 5322).
enum MailText {
  /// A header's free text: plain where that is possible, in encoded words otherwise, folded over several lines.
  ///
  /// Line breaks and other control characters become spaces first: whatever a product is called, it adds no header.
  static func header(_ text: String, limit: Int = 250) -> String {
    let safe = neutralised(text, limit: limit)
    if safe.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), !safe.contains("=?") { return safe }
    return encodedWords(safe)
  }

  /// A mailbox as it stands in From and To.
  static func mailbox(_ mailbox: EmailAddress) -> String {
    guard let name = mailbox.name else { return mailbox.address }
    let isPlain = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == " " || $0 == "-") }
    return "\(isPlain ? name : encodedWords(neutralised(name, limit: 200))) <\(mailbox.address)>"
  }

  /// Control characters as spaces, at most `limit` characters.
  static func neutralised(_ text: String, limit: Int) -> String {
    var safe = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let breaks = [.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
      safe.append(breaks ? " " : scalar)
    }
    let text = String(safe)
    return text.count <= limit ? text : String(text.prefix(limit - 1)) + "…"
  }

  /// `=?utf-8?B?…?=`, each at most 75 characters, no character split over two of them.
  private static func encodedWords(_ text: String) -> String {
    var chunks: [[UInt8]] = [[]]
    for scalar in text.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if chunks[chunks.count - 1].count + bytes.count > 45 { chunks.append([]) }
      chunks[chunks.count - 1] += bytes
    }
    return chunks.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
  }

  /// A text body in quoted-printable: lines of at most 76 characters that end in CRLF.
  static func quotedPrintable(_ text: String) -> String {
    var lines: [String] = []
    let ended = text.last?.isNewline == true ? text.dropLast() : text[...]
    for line in ended.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      var current = ""
      for (byte, isLast) in zip(line.utf8, isLastFlags(line.utf8.count)) {
        let token = quoted(byte, atLineEnd: isLast)
        if current.utf8.count + token.utf8.count > 75 {
          lines.append(current + "=")
          current = ""
        }
        current += token
      }
      lines.append(current)
    }
    return lines.joined(separator: "\r\n") + "\r\n"
  }

  private static func isLastFlags(_ count: Int) -> some Sequence<Bool> { (0..<count).lazy.map { $0 == count - 1 } }

  /// Spaces and tabs are literal inside a line, encoded at its end where transports strip them.
  private static func quoted(_ byte: UInt8, atLineEnd: Bool) -> String {
    let isBlank = byte == 0x20 || byte == 0x09
    let isLiteral = (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "=")
    if isLiteral || (isBlank && !atLineEnd) { return String(Unicode.Scalar(byte)) }
    let hex = String(byte, radix: 16, uppercase: true)
    return hex.utf8.count == 1 ? "=0\(hex)" : "=\(hex)"
  }
}
