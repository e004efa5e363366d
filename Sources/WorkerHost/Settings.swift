import FoundationEssentials
import Logging
import Observability

/// All settings of a service, read from the environment once and checked before anything starts.
public struct Settings: Sendable {
  /// Who reads them.
  public let executable: Executable
  /// The database.
  public let database: DatabaseSettings
  /// The broker.
  public let broker: BrokerSettings
  /// Lanes and batches.
  public let worker: WorkerSettings
  /// Allocation.
  public let allocation: AllocationSettings
  /// The relay.
  public let relay: RelaySettings
  /// Mails and webhooks.
  public let notification: NotificationSettings
  /// Health and metrics.
  public let http: HTTPSettings
  /// Logs.
  public let log: LogSettings
  /// Time for work in hand after SIGTERM.
  public let shutdownDeadline: Duration
  /// How long a lane may go without a sign of life.
  public let laneSilence: Duration
  /// Variables that Kubernetes injected and that were ignored, sorted; to be logged at the start.
  public let ignoredVariables: [String]

  /// Reads and checks the settings of a service. Settings that it does not use have their defaults.
  ///
  /// - Parameters:
  ///   - executable: Who reads them; for the command line see ``OperatorSettings``.
  ///   - environment: All variables; by default the process'.
  /// - Throws: Every fault, each with the variable's name, its value unless secret, and what is allowed.
  public init(
    for executable: Executable, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(SettingsError) {
    let source = try SettingsEnvironment(environment, for: executable)
    self.executable = executable
    database = try DatabaseSettings(source)
    broker = try BrokerSettings(source)
    worker = try WorkerSettings(source)
    allocation = try AllocationSettings(source)
    relay = try RelaySettings(source)
    notification = try NotificationSettings(source)
    http = try HTTPSettings(source)
    log = try LogSettings(source)
    shutdownDeadline = try source.value(SettingsTable.shutdown)
    laneSilence = try source.value(SettingsTable.laneSilence)
    ignoredVariables = source.ignored
    let problems = contradictions
    guard problems.isEmpty else { throw SettingsError(problems: problems) }
  }
}

/// What the operator's command line reads. Nothing is required until a subcommand asks for it.
public struct OperatorSettings: Sendable {
  private let source: SettingsEnvironment

  /// Reads and checks the settings.
  ///
  /// - Parameter environment: All variables; by default the process'.
  /// - Throws: Every fault, each with the variable's name, its value unless secret, and what is allowed.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(SettingsError) {
    source = try SettingsEnvironment(environment, for: .tallyman)
  }

  /// The database.
  ///
  /// - Throws: If its URL is missing.
  public func database() throws(SettingsError) -> DatabaseSettings { try DatabaseSettings(source) }

  /// The broker's management API.
  ///
  /// - Throws: If its URL is missing.
  public func management() throws(SettingsError) -> ManagementSettings { try ManagementSettings(source) }
}
