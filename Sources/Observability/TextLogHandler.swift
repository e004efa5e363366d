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

  /// Writes a line.
  public func log(event: LogEvent) {
    let time = WallClock.rfc3339(now()).dropFirst(11).prefix(12)
    var line = "\(time) \(event.level.rawValue) \(label): \(Self.onOneLine(event.message.description))"
    let fields = Logger.Metadata.merging(metadata, metadataProvider, event).sorted { $0.key < $1.key }
    if !fields.isEmpty { line += " " }
    for (key, value) in fields { line += " \(key)=\(Self.onOneLine(value.description))" }
    output.write(line)
  }

  /// Text from outside must not start a line of its own, nor send the terminal a control sequence.
  private static func onOneLine(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .control }
}
