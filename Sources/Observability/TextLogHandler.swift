import Contracts
import Logging

/// Writes lines for a person at a terminal: `09:30:00.123 warning inventory-worker: message  key=value …`.
public struct TextLogHandler: LogHandler {
  /// Metadata of every line of this logger.
  public var metadata: Logger.Metadata = [:]
  /// Adds metadata at the time of the line, such as a trace id.
  public var metadataProvider: Logger.MetadataProvider?
  /// Lines below this level are not written.
  public var logLevel: Logger.Level

  private let label: String
  private let output: any LineOutput
  private let now: @Sendable () -> Int64

  /// - Parameters:
  ///   - label: The logger's label.
  ///   - level: Lowest level written.
  ///   - output: Where lines go.
  public init(label: String, level: Logger.Level, output: any LineOutput = FileOutput.standard) {
    self.init(label: label, level: level, output: output, now: WallClock.now)
  }

  init(label: String, level: Logger.Level, output: any LineOutput, now: @escaping @Sendable () -> Int64) {
    self.label = label
    self.output = output
    self.now = now
    logLevel = level
  }

  /// One metadata value of every line of this logger.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes a line. Text from outside starts none of its own, and sends the terminal no control sequence.
  public func log(event: LogEvent) {
    let time = WallClock.rfc3339(now()).dropFirst(11).prefix(12)
    var line = "\(time) \(event.level.rawValue) \(label): \(PrintableText.line(event.message.description))"
    let fields = Logger.Metadata.merging(metadata, metadataProvider, event).sorted { $0.key < $1.key }
    if !fields.isEmpty { line += " " }
    for (key, value) in fields { line += " \(key)=\(PrintableText.line(value.description))" }
    output.write(line)
  }
}
