/// Prometheus' text exposition format, version 0.0.4: `# HELP`, `# TYPE`, then a line per series.
struct PrometheusText {
  /// The content type that belongs to ``output``.
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// The page so far.
  private(set) var output = ""

  /// Appends a name's header and its series, sorted by labels.
  mutating func append(_ family: Family) {
    let definition = family.definition
    output += "# HELP \(definition.name) \(Self.escapedHelp(definition.help))\n"
    output += "# TYPE \(definition.name) \(definition.kind.rawValue)\n"
    for (labels, cell) in family.series.sorted(by: { $0.key < $1.key }) {
      append(definition.name, labels, cell.sample())
    }
  }

  private mutating func append(_ name: String, _ labels: String, _ sample: Sample) {
    switch sample {
    case .counter(let value), .gauge(let value):
      line(name, labels, Self.number(value))
    case .histogram(let bounds, let counts, let sum):
      var total: UInt64 = 0
      for (index, count) in counts.enumerated() {
        total += count
        let bound = index < bounds.count ? Self.number(bounds[index]) : "+Inf"
        line(name + "_bucket", labels.isEmpty ? "le=\"\(bound)\"" : "\(labels),le=\"\(bound)\"", String(total))
      }
      line(name + "_sum", labels, Self.number(sum))
      line(name + "_count", labels, String(total))
    }
  }

  private mutating func line(_ name: String, _ labels: String, _ value: String) {
    output += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }

  // MARK: Spelling

  /// Labels as they stand between the braces, sorted by name, so that equal labels are one series.
  static func labels(_ dimensions: [(String, String)]) -> String {
    dimensions.map { (legalLabel($0.0), $0.1) }.sorted { $0.0 < $1.0 }
      .map { "\($0.0)=\"\(escapedValue($0.1))\"" }.joined(separator: ",")
  }

  /// A number without a needless fraction; infinities and NaN as Prometheus spells them.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
    return value.description
  }

  /// A name from `[a-zA-Z_:][a-zA-Z0-9_:]*`: whatever else occurs becomes `_`.
  static func legalName(_ name: String) -> String { legal(name, allowingColon: true) }

  private static func legalLabel(_ name: String) -> String { legal(name, allowingColon: false) }

  private static func legal(_ name: String, allowingColon: Bool) -> String {
    var result = ""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "a"..."z", "A"..."Z", "_": result.unicodeScalars.append(scalar)
      case ":" where allowingColon: result.unicodeScalars.append(scalar)
      case "0"..."9": result += result.isEmpty ? "_\(scalar)" : "\(scalar)"
      default: result += "_"
      }
    }
    return result.isEmpty ? "_" : result
  }

  private static func escapedValue(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func escapedHelp(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension PrometheusRegistry {
  /// The content type of ``render()``.
  public static var contentType: String { PrometheusText.contentType }
}
