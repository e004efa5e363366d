extension SettingDeclaration {
  /// One setting as `--help` shows it.
  var helpLine: String {
    let whenAbsent =
      switch presence {
      case .required: "required"
      case .optional: "optional"
      case .byDefault(let text): "default \(text)"
      }
    let unit = unit.isEmpty ? "" : " \(unit)"
    return "  \(name)  (\(whenAbsent)\(unit))\n      \(meaning)"
  }

  /// Whether an executable reads it.
  func isUsed(by executable: Executable) -> Bool { executables.contains(executable) }
}
