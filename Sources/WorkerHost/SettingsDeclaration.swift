/// The executables that read settings.
public enum Executable: String, CaseIterable, Sendable {
  /// Applies stock events.
  case inventoryWorker = "inventory-worker"
  /// Applies order events.
  case allocationWorker = "allocation-worker"
  /// Sends mails and webhooks.
  case notificationWorker = "notification-worker"
  /// Publishes the outbox.
  case outboxRelay = "outbox-relay"
  /// The operator's command line.
  case tallyman
}

extension [Executable] {
  /// Those that run as services.
  static let services: Self = workers + [.outboxRelay]
  /// Those that consume from a queue.
  static let workers: Self = [.inventoryWorker, .allocationWorker, .notificationWorker]
}

/// What is declared about a setting: enough to check a value, to explain an error and to write the documentation.
public struct SettingDeclaration: Sendable {
  /// What holds when a setting is absent.
  public enum Presence: Sendable, Equatable {
    /// Services do not start without it.
    case required
    /// Absence is a value of its own.
    case optional
    /// This text is read in its place.
    case byDefault(String)
  }

  /// How much of a value may be shown.
  public enum Exposure: Sendable {
    /// All of it.
    case open
    /// A URL, or a list of them, without the password and the query that it may contain.
    case url
    /// Nothing. Secrets may also be given as the path of a file in `<name>_FILE`.
    case secret
  }

  /// The variable's name, `TALLYMAN_` included.
  public let name: String
  /// What holds in its absence.
  public let presence: Presence
  /// What one unit of the value is; empty where it has none.
  public let unit: String
  /// What is allowed, as it completes the sentence "must be …".
  public let allowed: String
  /// What it is for.
  public let meaning: String
  /// Who reads it.
  public let executables: [Executable]
  /// How much of it may be shown.
  public let exposure: Exposure
  /// Whether the value is the path of a file that must be readable at the start.
  public let isPath: Bool
  /// Whether a text is a legal value.
  let accepts: @Sendable (String) -> Bool

  /// The variable that names a file with this secret; nil for what is not secret.
  public var fileVariable: String? {
    if case .secret = exposure { name + "_FILE" } else { nil }
  }
}

/// A declared setting and the type of its values.
public struct Setting<Value: Sendable>: Sendable {
  /// What is declared.
  public let declaration: SettingDeclaration
  /// The value of a legal text, nil for any other.
  let parse: @Sendable (String) -> Value?

  init(
    _ name: String, _ presence: SettingDeclaration.Presence, unit: String = "", allowed: String, meaning: String,
    usedBy executables: [Executable], exposure: SettingDeclaration.Exposure = .open, isPath: Bool = false,
    parse: @escaping @Sendable (String) -> Value?
  ) {
    self.parse = parse
    declaration = SettingDeclaration(
      name: name, presence: presence, unit: unit, allowed: allowed, meaning: meaning, executables: executables,
      exposure: exposure, isPath: isPath, accepts: { parse($0) != nil })
  }
}
