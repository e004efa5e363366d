import Contracts
import Observability

/// Everything that is wrong with the environment, all at once, in words that say what to change.
public struct SettingsError: Error, Equatable, CustomStringConvertible {
  /// One sentence per fault; the variable's name comes first.
  public let problems: [String]

  /// All sentences, one per line.
  public var description: String {
    let count = problems.count == 1 ? "1 setting is wrong" : "\(problems.count) settings are wrong"
    return "\(count):\n" + problems.map { "  " + $0 }.joined(separator: "\n")
  }
}

/// The sentences of ``SettingsError``.
enum SettingProblem {
  static func missing(_ setting: SettingDeclaration) -> String {
    "\(setting.name) is missing: it must be \(setting.allowed)"
  }

  static func invalid(_ setting: SettingDeclaration, _ value: String) -> String {
    "\(setting.name) = \(shown(value, setting.exposure)): must be \(setting.allowed)"
  }

  static func unknown(_ name: String, _ value: String) -> String {
    let suggestion = NearestName.of(name)
    let hint = suggestion.map { "did you mean \($0)?" } ?? "see topology/SETTINGS.md for those that exist"
    return "\(name) = \(shownUnknown(name, value, suggestion)): there is no such setting; \(hint)"
  }

  static func unreadable(_ variable: String, _ path: String, _ why: String) -> String {
    "\(variable) = \"\(path)\": \(why)"
  }

  static func twice(_ setting: SettingDeclaration) -> String {
    "\(setting.name) and \(setting.name)_FILE are both set: set one of them"
  }

  private static func shown(_ value: String, _ exposure: SettingDeclaration.Exposure) -> String {
    switch exposure {
    case .open: quoted(value)
    case .url: quoted(value.split(separator: ",").map { ServiceURL.masked(String($0)) }.joined(separator: ","))
    case .secret: Secret.mask
    }
  }

  /// A variable that nobody declared may be a misspelt secret: its value is shown only if nothing hints at one.
  private static func shownUnknown(_ name: String, _ value: String, _ suggestion: String?) -> String {
    let hints = ["PASS", "PW", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "URL", "URI", "DSN", "CONN", "AUTH"]
    let nearest = suggestion.flatMap { near in
      SettingsTable.all.first { $0.name == near || $0.fileVariable == near }
    }
    guard case .open = nearest?.exposure ?? .open, !hints.contains(where: name.contains), !value.contains("@") else {
      return Secret.mask
    }
    return quoted(value)
  }

  /// A value in quotes, on one line, shortened: an error that is longer than the screen explains nothing.
  private static func quoted(_ value: String) -> String {
    let line = PrintableText.line(value)
    return line.count > 120 ? "\"\(line.prefix(120))…\"" : "\"\(line)\""
  }
}

/// Finds the declared name that somebody probably meant.
enum NearestName {
  /// The name that lacks only its `_FILE`, or the nearest that differs in at most a quarter of its letters after the
  /// prefix; nil if none is near.
  static func of(_ name: String) -> String? {
    let known = SettingsTable.all.flatMap { [$0.name, $0.fileVariable].compactMap(\.self) }
    if known.contains(name + "_FILE") { return name + "_FILE" }
    let ranked = known.map { (name: $0, distance: EditDistance.between($0, name)) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(2, (best.name.utf8.count - "TALLYMAN_".utf8.count) / 4) ? best.name : nil
  }
}
