/// What is known about a metric before the first value: everything that `/metrics` says about it, and its labels.
public struct MetricDefinition: Sendable, Hashable {
  /// How a metric's values relate to one another.
  public enum Kind: String, Sendable, Hashable {
    /// Only ever rises, from 0 at the start of the process.
    case counter
    /// Goes up and down.
    case gauge
    /// Observations counted in buckets.
    case histogram
  }

  /// Name in Prometheus' manner; it ends with the unit, and with `_total` for counters.
  public let name: String
  /// How values relate.
  public let kind: Kind
  /// What one unit of the value is, such as `seconds` or `messages`.
  public let unit: String
  /// Label names, in the order in which ``MetricName/counter(_:in:)`` and its siblings take the values.
  public let labels: [String]
  /// Upper bounds of a histogram's buckets, ascending, without the infinite one; empty for other kinds.
  public let buckets: [Double]
  /// One sentence for the person who meets the metric on a dashboard.
  public let help: String

  /// A metric's definition.
  public init(
    name: String, kind: Kind, unit: String, labels: [String] = [], buckets: [Double] = [], help: String
  ) {
    self.name = name
    self.kind = kind
    self.unit = unit
    self.labels = labels
    self.buckets = buckets
    self.help = help
  }
}

/// The bucket bounds that our histograms share.
enum Buckets {
  /// From half a millisecond to ten seconds, for what a transaction or a network call takes.
  static let seconds: [Double] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
  /// Messages in a batch.
  static let sizes: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000]
}
