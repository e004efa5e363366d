import Logging
import Observability

/// How logs are written.
public enum LogFormat: String, CaseIterable, Sendable {
  /// Text at a terminal, JSON lines otherwise.
  case auto
  /// JSON lines.
  case json
  /// Text for a person.
  case text

  /// The form that `auto` comes to.
  func resolved(atTerminal: Bool) -> LogFormat { self == .auto ? (atTerminal ? .text : .json) : self }
}

/// Sends all logs of the process to standard output, in the form and from the level that the settings say.
///
/// - Parameters:
///   - settings: Form and level.
///   - label: The returned logger's label, usually the executable's name.
/// - Returns: The executable's logger.
/// - Precondition: Called once per process.
public func bootstrapLogging(_ settings: LogSettings, label: String) -> Logger {
  LoggingSystem.bootstrap(logHandlerFactory(settings, atTerminal: FileOutput.isTerminal, output: FileOutput.standard))
  return Logger(label: label)
}

/// What ``bootstrapLogging(_:label:)`` installs.
func logHandlerFactory(
  _ settings: LogSettings, atTerminal: Bool, output: any LineOutput
) -> @Sendable (String) -> any LogHandler {
  let format = settings.format.resolved(atTerminal: atTerminal)
  return { label in
    switch format {
    case .text: TextLogHandler(label: label, level: settings.level, output: output)
    case .auto, .json: JSONLogHandler(label: label, level: settings.level, output: output)
    }
  }
}
