/// Text that somebody else wrote, made safe for a line of ours: in a log, a header, a terminal.
public enum PrintableText {
  /// Whether a scalar shows as itself and changes nothing around it: no control sequence, no line of its own, no other
  /// direction of writing.
  public static func prints(_ scalar: UnicodeScalar) -> Bool {
    if scalar.isASCII { return scalar.value >= 0x20 && scalar.value < 0x7F }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
    default: return true
    }
  }

  /// On one line, with U+FFFD for each scalar that does not print.
  public static func line(_ text: String) -> String {
    guard !text.unicodeScalars.allSatisfy(prints) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { prints($0) ? $0 : "\u{FFFD}" }))
  }
}
