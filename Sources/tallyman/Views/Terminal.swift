#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Whether colours are understood where the output goes.
enum Terminal {
  /// Only on a terminal, not on a dumb one, and not where somebody asks for none (https://no-color.org).
  static let hasColours =
    isatty(STDOUT_FILENO) == 1 && (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != "dumb"

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

/// How a piece of text stands out on a terminal.
enum Paint: String {
  case bold = "1"
  case red = "31"
  case green = "32"
  case yellow = "33"

  /// The text in this paint; the text itself where there are no colours.
  func callAsFunction(_ text: String, colours: Bool = Terminal.hasColours) -> String {
    colours && !text.isEmpty ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
  }

  /// The paint of a state's name, if it is worth one.
  static func of(state: String) -> Paint? {
    switch state {
    case "out", "rejected", "bumped", "expired", "failed", "FAILED": .red
    case "low", "backordered", "partially_reserved", "open", "partially_filled": .yellow
    case "reserved", "shipped", "fulfilled", "filled", "delivered", "DELIVERED": .green
    default: nil
    }
  }
}
