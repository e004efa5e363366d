import Metrics

/// Handles to metrics. Getting one costs a look-up under a lock: keep it, and only use it on the hot path.
extension MetricName {
  /// A counter's handle.
  ///
  /// - Parameters:
  ///   - values: The values of ``MetricDefinition/labels``, in their order.
  ///   - factory: Where values go; by default what the process was bootstrapped with.
  public func counter(_ values: String..., in factory: any MetricsFactory = MetricsSystem.factory) -> Counter {
    Counter(label: definition.name, dimensions: dimensions(values, .counter), factory: factory)
  }

  /// A gauge's handle. Parameters as for ``counter(_:in:)``.
  public func gauge(_ values: String..., in factory: any MetricsFactory = MetricsSystem.factory) -> Meter {
    Meter(label: definition.name, dimensions: dimensions(values, .gauge), factory: factory)
  }

  /// A handle to a histogram of sizes. Parameters as for ``counter(_:in:)``.
  public func histogram(_ values: String..., in factory: any MetricsFactory = MetricsSystem.factory) -> Recorder {
    Recorder(
      label: definition.name, dimensions: dimensions(values, .histogram), aggregate: true, factory: factory)
  }

  /// A handle to a histogram of durations. Parameters as for ``counter(_:in:)``.
  public func timer(_ values: String..., in factory: any MetricsFactory = MetricsSystem.factory) -> Timer {
    precondition(definition.unit == "seconds", "\(definition.name) is not a duration")
    return Timer(label: definition.name, dimensions: dimensions(values, .histogram), factory: factory)
  }

  /// A wrong kind or number of labels is a programming error, and found by the first run of the line.
  private func dimensions(_ values: [String], _ kind: MetricDefinition.Kind) -> [(String, String)] {
    let definition = definition
    precondition(definition.kind == kind, "\(definition.name) is a \(definition.kind.rawValue)")
    precondition(values.count == definition.labels.count, "\(definition.name) has the labels \(definition.labels)")
    return Array(zip(definition.labels, values))
  }
}
