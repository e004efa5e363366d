import Contracts

/// Builds JSON for logs and health pages: a few fields, any text.
struct JSONText {
  /// What was written so far.
  private(set) var output = ""
  private var needsComma = false

  mutating func beginObject() { open("{") }
  mutating func endObject() { close("}") }
  mutating func beginArray() { open("[") }
  mutating func endArray() { close("]") }

  mutating func key(_ name: String) {
    separate()
    appendQuoted(name)
    output += ":"
    needsComma = false
  }

  mutating func value(_ text: String) {
    separate()
    appendQuoted(text)
    needsComma = true
  }

  mutating func value(_ flag: Bool) { literal(flag ? "true" : "false") }
  mutating func value(_ number: some BinaryInteger) { literal(String(number)) }

  /// A number that JSON cannot spell becomes a string.
  mutating func value(_ number: Double) { number.isFinite ? literal(number.description) : value(number.description) }

  mutating func field(_ name: String, _ text: String) {
    key(name)
    value(text)
  }

  mutating func field(_ name: String, _ flag: Bool) {
    key(name)
    value(flag)
  }

  private mutating func literal(_ text: String) {
    separate()
    output += text
    needsComma = true
  }

  private mutating func open(_ bracket: String) {
    separate()
    output += bracket
    needsComma = false
  }

  private mutating func close(_ bracket: String) {
    output += bracket
    needsComma = true
  }

  private mutating func separate() { if needsComma { output += "," } }

  /// Escapes what JSON demands, and all that does not print: log viewers show values as they are.
  private mutating func appendQuoted(_ text: String) {
    output += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      case _ where PrintableText.prints(scalar): output.unicodeScalars.append(scalar)
      default: for unit in String(scalar).utf16 { appendEscape(unit) }
      }
    }
    output += "\""
  }

  private mutating func appendEscape(_ unit: UInt16) {
    let digits = String(unit, radix: 16)
    output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }
}
