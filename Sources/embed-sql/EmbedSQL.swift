import FoundationEssentials

/// Writes a Swift file that holds the text of SQL files as raw string literals.
///
/// `embed-sql OUTPUT INPUT…`. The output depends on the inputs' base names and texts only, so equal sources give equal
/// binaries.
@main
enum EmbedSQL {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let output = arguments.first else { throw EmbedError(description: "usage: embed-sql OUTPUT INPUT…") }
    let files = try arguments.dropFirst().map(read).sorted { $0.name < $1.name }
    for (one, other) in zip(files, files.dropFirst()) where one.name == other.name {
      throw EmbedError(description: "two files are named \(one.name).sql")
    }
    try Data(source(of: files).utf8).write(to: URL(filePath: output), options: .atomic)
  }

  /// The file's name without its folder and ending, and its text.
  static func read(path: String) throws -> (name: String, text: String) {
    let file = path.split(separator: "/").last ?? ""
    let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    guard file.utf8.allSatisfy({ isPlain($0) }) else {
      throw EmbedError(description: "\(path): a name has letters, digits, '_', '-' and '.' only")
    }
    // A literal turns CR LF into LF, and a byte that is not UTF-8 has become U+FFFD: the text would not be the file's.
    for scalar in text.unicodeScalars where isForbidden(scalar) {
      throw EmbedError(description: "\(path) contains \(scalar.escaped(asASCII: true)): use UTF-8, LF and no controls")
    }
    return (String(file.dropLast(".sql".count)), text)
  }

  /// Whether a file's name may hold the byte, so that it needs no escaping in a literal.
  static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  /// Whether a literal could not hold the character unchanged.
  static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    (scalar.value < 0x20 && scalar != "\n" && scalar != "\t") || scalar.value == 0x7F || scalar == "\u{FFFD}"
  }

  /// The generated Swift file.
  static func source(of files: [(name: String, text: String)]) -> String {
    var lines = ["/// The target's SQL files, by name.", "enum EmbeddedSQL {"]
    lines.append("  static let files: [(name: String, text: String)] = [")
    for (name, text) in files {
      lines.append("    (name: \"\(name)\", text: \(literal(text))),")
    }
    lines += ["  ]", "}", ""]
    return lines.joined(separator: "\n")
  }

  /// A multi-line raw string literal, fenced with more `#` than any run in the text.
  ///
  /// Neither a quote nor a backslash followed by fewer `#` than the fence has ends or interpolates the literal.
  static func literal(_ text: String) -> String {
    var longest = 0
    var run = 0
    for byte in text.utf8 {
      run = byte == UInt8(ascii: "#") ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "#", count: longest + 1)
    return "\(fence)\"\"\"\n\(text)\n\"\"\"\(fence)"
  }
}

/// Why nothing was written.
struct EmbedError: Error, CustomStringConvertible {
  let description: String
}
