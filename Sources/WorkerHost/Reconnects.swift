import Metrics
import Observability

/// Counts the connections of a kind that are opened anew: every one but the first.
struct Reconnects {
  private let counter: Counter
  /// Whether there has been one.
  private(set) var hasConnected = false

  /// - Parameter kind: The metric's label.
  init(_ kind: String) { counter = MetricName.laneReconnects.counter(kind) }

  /// One is open.
  mutating func connected() {
    if hasConnected { counter.increment() }
    hasConnected = true
  }
}
