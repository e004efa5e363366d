import Metrics
import Observability

/// Counts the connections of a kind that are opened anew: every one but the first.
struct Reconnects {
  private let kind: String
  /// Whether there has been one.
  private(set) var hasConnected = false

  /// - Parameter kind: The metric's label.
  init(_ kind: String) { self.kind = kind }

  /// One is open.
  mutating func connected() {
    if hasConnected { MetricName.laneReconnects.counter(kind).increment() }
    hasConnected = true
  }
}
