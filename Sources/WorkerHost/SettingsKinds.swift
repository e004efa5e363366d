import Observability

/// The kinds of settings: how each is checked and how its error reads.
extension Setting where Value == Int {
  /// A whole number in a range.
  static func integer(
    _ name: String, default value: Int, in range: ClosedRange<Int>, unit: String, meaning: String,
    usedBy executables: [Executable]
  ) -> Setting {
    Setting(
      name, .byDefault(String(value)), unit: unit,
      allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)", meaning: meaning, usedBy: executables
    ) { Digits.parse($0, in: range) }
  }
}

extension Setting where Value == Duration {
  /// A whole number of seconds.
  static func seconds(
    _ name: String, default value: Int, in range: ClosedRange<Int>, meaning: String, usedBy executables: [Executable]
  ) -> Setting {
    Setting(
      name, .byDefault(String(value)), unit: "seconds",
      allowed: "a whole number of seconds from \(range.lowerBound) to \(range.upperBound)", meaning: meaning,
      usedBy: executables
    ) { Digits.parse($0, in: range).map { .seconds($0) } }
  }

  /// A whole number of days of 24 hours.
  static func days(
    _ name: String, default value: Int, in range: ClosedRange<Int>, meaning: String, usedBy executables: [Executable]
  ) -> Setting {
    Setting(
      name, .byDefault(String(value)), unit: "days",
      allowed: "a whole number of days from \(range.lowerBound) to \(range.upperBound)", meaning: meaning,
      usedBy: executables
    ) { Digits.parse($0, in: range).map { .seconds($0 * 86_400) } }
  }

  /// A whole number of milliseconds.
  static func milliseconds(
    _ name: String, default value: Int, in range: ClosedRange<Int>, meaning: String, usedBy executables: [Executable]
  ) -> Setting {
    Setting(
      name, .byDefault(String(value)), unit: "milliseconds",
      allowed: "a whole number of milliseconds from \(range.lowerBound) to \(range.upperBound)", meaning: meaning,
      usedBy: executables
    ) { Digits.parse($0, in: range).map { .milliseconds($0) } }
  }
}

extension Setting where Value == String {
  /// Text without line breaks and control characters.
  static func text(
    _ name: String, _ presence: SettingDeclaration.Presence, allowed: String = "text on one line", meaning: String,
    usedBy executables: [Executable]
  ) -> Setting {
    Setting(name, presence, allowed: allowed, meaning: meaning, usedBy: executables) { Printable.isLine($0) ? $0 : nil }
  }

  /// The path of a file that must be readable at the start.
  static func path(_ name: String, meaning: String, usedBy executables: [Executable]) -> Setting {
    Setting(
      name, .optional, allowed: "the path of a readable file", meaning: meaning, usedBy: executables, isPath: true
    ) { Printable.isLine($0) ? $0 : nil }
  }

  /// An e-mail address.
  static func address(_ name: String, meaning: String, usedBy executables: [Executable]) -> Setting {
    Setting(
      name, .optional, allowed: "an e-mail address such as stock@example.com", meaning: meaning, usedBy: executables
    ) { Printable.isAddress($0) ? $0 : nil }
  }
}

extension Setting where Value == Secret {
  /// A secret, given itself or as the path of a file in `<name>_FILE`.
  static func secret(_ name: String, meaning: String, usedBy executables: [Executable]) -> Setting {
    Setting(
      name, .optional, allowed: "text on one line", meaning: meaning, usedBy: executables, exposure: .secret
    ) { Printable.isLine($0) ? Secret($0) : nil }
  }
}

extension Setting where Value == ServiceURL {
  /// The URL of a server.
  static func url(
    _ name: String, _ presence: SettingDeclaration.Presence, schemes: [String], example: String, meaning: String,
    usedBy executables: [Executable]
  ) -> Setting {
    Setting(
      name, presence,
      allowed: "a URL that begins with \(schemes.map { $0 + "://" }.joined(separator: " or ")), "
        + "such as \(example)", meaning: meaning, usedBy: executables, exposure: .url
    ) { ServiceURL($0, schemes: schemes) }
  }
}

extension Setting {
  /// One of an enumeration's names.
  static func choice(
    _ name: String, default value: Value, meaning: String, usedBy executables: [Executable]
  ) -> Setting where Value: CaseIterable & RawRepresentable<String> {
    Setting(
      name, .byDefault(value.rawValue),
      allowed: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "), meaning: meaning,
      usedBy: executables, parse: Value.init(rawValue:))
  }
}

/// Whole numbers in plain digits: `1e3`, `+5`, ` 5` and `5.0` are not what an operator meant to write.
enum Digits {
  static func parse(_ text: String, in range: ClosedRange<Int>) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    return Int(text).flatMap { range.contains($0) ? $0 : nil }
  }
}

/// Checks of text that ends up in protocols of lines.
enum Printable {
  /// Not empty, and nothing that could end a line early.
  static func isLine(_ text: String) -> Bool {
    !text.isEmpty && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }

  /// `local@domain` without blanks, brackets or separators; whether it exists only the mail server knows.
  static func isAddress(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    let forbidden: Set<Unicode.Scalar> = [" ", "<", ">", ",", ";", "\"", "(", ")", "="]
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && isLine(text)
      && !text.unicodeScalars.contains(where: forbidden.contains)
  }
}
