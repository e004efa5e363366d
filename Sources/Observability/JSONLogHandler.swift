import Logging

/// Writes one JSON object per line: `time`, `level`, `label`, `message`, then the metadata, sorted by key.
///
/// Metadata stand at the top level, where a log store finds `message_id` without a path; a key that is one of the four
/// names above gets an underscore appended. Numbers and booleans given as `.stringConvertible` stay numbers and
/// booleans.
public struct JSONLogHandler: LogHandler {
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
    var json = JSONText()
    json.beginObject()
    json.field("time", WallClock.rfc3339(now()))
    json.field("level", event.level.rawValue)
    json.field("label", label)
    json.field("message", event.message.description)
    for (key, value) in merged(event).sorted(by: { $0.key < $1.key }) {
      json.key(Self.reserved.contains(key) ? key + "_" : key)
      Self.append(value, to: &json)
    }
    json.endObject()
    output.write(json.output)
  }

  private static let reserved: Set<String> = ["time", "level", "label", "message"]

  private func merged(_ event: LogEvent) -> Logger.Metadata {
    Logger.Metadata.merging(metadata, metadataProvider, event)
  }

  private static func append(_ value: Logger.Metadata.Value, to json: inout JSONText) {
    switch value {
    case .string(let text): json.value(text)
    case .stringConvertible(let flag as Bool): json.value(flag)
    case .stringConvertible(let number as any BinaryInteger): json.value(number)
    case .stringConvertible(let number as Double): json.value(number)
    case .stringConvertible(let other): json.value(other.description)
    case .array(let values):
      json.beginArray()
      for value in values { append(value, to: &json) }
      json.endArray()
    case .dictionary(let values):
      json.beginObject()
      for (key, value) in values.sorted(by: { $0.key < $1.key }) {
        json.key(key)
        append(value, to: &json)
      }
      json.endObject()
    }
  }
}

extension Logger.Metadata {
  /// A line's metadata: what the line says goes over what the provider says, and that over the logger's.
  static func merging(_ own: Self, _ provider: Logger.MetadataProvider?, _ event: LogEvent) -> Self {
    var result = own
    if let provider { result.merge(provider.get()) { _, new in new } }
    if let metadata = event.metadata { result.merge(metadata) { _, new in new } }
    if let error = event.error { result[LogKey.error] = .string(String(describing: error)) }
    return result
  }
}
