extension SettingsTable {
  /// The table as Markdown: the text of `topology/SETTINGS.md`.
  public static var markdown: String {
    var lines = [
      "# Settings", "",
      "Generated from `Sources/WorkerHost/SettingsTable.swift` by `tallyman settings`; do not edit.", "",
      "Settings come from the environment only. An unknown or invalid `TALLYMAN_` variable stops the start with its",
      "name, its value (unless secret) and what is allowed; an empty one counts as absent. A secret may be given as",
      "the path of a file in the variable with `_FILE` appended, whose last line break is dropped. Variables that",
      "Kubernetes injects for services (`TALLYMAN_…_SERVICE_HOST`, `…_SERVICE_PORT…`, `…_PORT` with a `tcp://` value,",
      "`…_PORT_8080_TCP…`) are ignored and logged. One environment may serve all executables: each reads what it",
      "uses.", "",
    ]
    for section in sections {
      lines += ["## \(section.title)", "", "| Variable | Default | Unit | Allowed | Read by | Meaning |"]
      lines += ["|---|---|---|---|---|---|"]
      lines += section.settings.map(row)
      lines.append("")
    }
    return lines.dropLast().joined(separator: "\n") + "\n"
  }

  private static func row(_ setting: SettingDeclaration) -> String {
    let names = ["`\(setting.name)`", setting.fileVariable.map { "or `\($0)`" }].compactMap(\.self)
    let cells = [
      names.joined(separator: " "), defaultText(setting), setting.unit, setting.allowed,
      readers(setting.executables), setting.meaning,
    ]
    return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
  }

  private static func defaultText(_ setting: SettingDeclaration) -> String {
    switch setting.presence {
    case .required: "**required**"
    case .optional: "none"
    case .byDefault(let text): "`\(text)`"
    }
  }

  private static func readers(_ executables: [Executable]) -> String {
    switch executables {
    case Executable.allCases: "all"
    case .services: "all workers, outbox-relay"
    case .workers: "all workers"
    default: executables.map(\.rawValue).joined(separator: ", ")
    }
  }
}
