import FoundationEssentials
import Observability

/// The environment as settings: every `TALLYMAN_` variable is accounted for, or nothing starts.
struct SettingsEnvironment {
  /// What Kubernetes put there for services of its own, sorted; to be logged.
  let ignored: [String]

  private let executable: Executable
  private let texts: [String: String]
  private let files: [String: String]

  /// Checks all variables.
  ///
  /// An empty variable counts as absent, since compose files pass on unset variables that way. Variables of other
  /// executables are checked too (a whole deployment may share one environment), but their files are not read.
  ///
  /// - Throws: Every fault that was found.
  init(_ variables: [String: String], for executable: Executable) throws(SettingsError) {
    let ours = variables.filter { $0.key.hasPrefix("TALLYMAN_") && !$0.value.isEmpty }
    var intake = Intake(executable: executable)
    let injected = ours.keys.filter { KubernetesVariable.matches($0, in: variables) }.sorted()
    let kept = ours.filter { !injected.contains($0.key) }
    for setting in SettingsTable.all { intake.take(setting, from: kept) }
    let known = Set(SettingsTable.all.flatMap { [$0.name, $0.fileVariable].compactMap(\.self) })
    for (name, value) in kept.sorted(by: { $0.key < $1.key }) where !known.contains(name) {
      intake.problems.append(SettingProblem.unknown(name, value))
    }
    guard intake.problems.isEmpty else { throw SettingsError(problems: intake.problems) }
    self.executable = executable
    texts = intake.texts
    files = intake.files
    ignored = injected
  }

  // MARK: Typed values

  /// The value, or the default's; nil for an absent setting without default. A setting that this executable does not
  /// use has its default, whatever the environment says.
  func optional<Value>(_ setting: Setting<Value>) -> Value? {
    let used = setting.declaration.executables.contains(executable)
    if used, let text = texts[setting.declaration.name] { return setting.parse(text) }
    if case .byDefault(let text) = setting.declaration.presence { return setting.parse(text) }
    return nil
  }

  /// A secret that this executable uses, with the file in which it stands, if one was named.
  func secret(_ setting: Setting<Secret>) -> SecretSource? {
    optional(setting).map { SecretSource(atStart: $0, path: files[setting.declaration.name], parse: setting.parse) }
  }

  /// The value of a setting that is required or has a default.
  func value<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value {
    guard let value = optional(setting) else {
      throw SettingsError(problems: [SettingProblem.missing(setting.declaration)])
    }
    return value
  }
}

/// Collects texts and faults, setting by setting.
private struct Intake {
  let executable: Executable
  var texts: [String: String] = [:]
  /// Where secrets stand, by their settings' names.
  var files: [String: String] = [:]
  var problems: [String] = []

  init(executable: Executable) { self.executable = executable }

  mutating func take(_ setting: SettingDeclaration, from variables: [String: String]) {
    let used = setting.executables.contains(executable)
    let path = setting.fileVariable.flatMap { variables[$0] }
    if let text = variables[setting.name] {
      if path != nil { problems.append(SettingProblem.twice(setting)) }
      accept(text, setting, used: used)
    } else if let path, let variable = setting.fileVariable, used {
      switch SecretFile.read(path) {
      case .success(let text):
        accept(text, setting, used: used)
        files[setting.name] = path
      case .failure(let fault): problems.append(SettingProblem.unreadable(variable, path, fault.why))
      }
    } else if path == nil, used, setting.presence == .required, executable != .tallyman {
      problems.append(SettingProblem.missing(setting))
    }
  }

  private mutating func accept(_ text: String, _ setting: SettingDeclaration, used: Bool) {
    guard setting.accepts(text) else {
      problems.append(SettingProblem.invalid(setting, text))
      return
    }
    if setting.isPath, used, !FileManager.default.isReadableFile(atPath: text) {
      problems.append(SettingProblem.unreadable(setting.name, text, "must be \(setting.allowed)"))
      return
    }
    texts[setting.name] = text
  }
}

/// The variables that Kubernetes puts into every container for every service of the namespace. Those of a service whose
/// name begins with `tallyman-` look like settings.
enum KubernetesVariable {
  static func matches(_ name: String, in variables: [String: String]) -> Bool {
    if name.hasSuffix("_SERVICE_HOST") || name.contains("_SERVICE_PORT") { return true }
    if isPortDetail(name) { return true }
    // A service named tallyman-http collides with TALLYMAN_HTTP_PORT; the value tells them apart.
    guard name.hasSuffix("_PORT"), let value = variables[name] else { return false }
    return ["tcp://", "udp://", "sctp://"].contains { value.hasPrefix($0) }
  }

  /// `…_PORT_8080_TCP` and, of it, `_ADDR`, `_PORT` and `_PROTO`.
  private static func isPortDetail(_ name: String) -> Bool {
    let parts = name.split(separator: "_")
    for index in parts.indices.dropLast(2) where parts[index] == "PORT" {
      let number = parts[index + 1]
      if !number.isEmpty, number.allSatisfy(\.isNumber), ["TCP", "UDP", "SCTP"].contains(parts[index + 2]) {
        return true
      }
    }
    return false
  }
}
