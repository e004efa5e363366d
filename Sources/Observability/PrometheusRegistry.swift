import Metrics
import Synchronization

/// Keeps every metric of the process and renders them for Prometheus.
///
/// Bootstrap it once with `MetricsSystem.bootstrap(_:)`. Names in ``MetricName`` come with their help and buckets; a
/// library's own metrics are kept too, under a name made legal. Asking for the same name and labels again gives the
/// same series. Asking for a known name as another kind gives a series that is not shown: two kinds of one name would
/// make the whole page unreadable to Prometheus.
public final class PrometheusRegistry: MetricsFactory, Sendable {
  private let families = Mutex<[String: Family]>([:])
  private let collectors = Mutex<[@Sendable () -> Void]>([])

  /// An empty registry.
  public init() {}

  /// Has something called before each rendering, to set gauges that nobody keeps up to date in between.
  ///
  /// - Parameter collector: Must be quick and must not block.
  public func collect(_ collector: @escaping @Sendable () -> Void) {
    collectors.withLock { $0.append(collector) }
  }

  /// Everything in Prometheus' text exposition format, version 0.0.4; sorted, so that two pages can be compared.
  public func render() -> String {
    for collector in collectors.withLock({ $0 }) { collector() }
    var text = PrometheusText()
    let sorted = families.withLock { $0.values.sorted { $0.definition.name < $1.definition.name } }
    for family in sorted { text.append(family) }
    return text.output
  }

  // MARK: MetricsFactory

  /// The counter's series, made on first use.
  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    cell(label, dimensions, .counter) { _ in CounterCell() }
  }

  /// The series of a counter of fractions, made on first use.
  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    cell(label, dimensions, .counter) { _ in FractionCounterCell() }
  }

  /// The gauge's series, made on first use.
  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    cell(label, dimensions, .gauge) { _ in GaugeCell() }
  }

  /// A histogram's series when it aggregates, otherwise a gauge's; made on first use.
  public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    if aggregate {
      cell(label, dimensions, .histogram) { HistogramCell(bounds: $0.buckets) }
    } else {
      cell(label, dimensions, .gauge) { _ in GaugeCell() }
    }
  }

  /// The series of a histogram in seconds, made on first use.
  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    cell(label, dimensions, .histogram) { HistogramCell(bounds: $0.buckets) }
  }

  /// Forgets the series.
  public func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
  /// Forgets the series.
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
  /// Forgets the series.
  public func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
  /// Forgets the series.
  public func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
  /// Forgets the series.
  public func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

  // MARK: Series

  private func cell<Cell: SampledCell>(
    _ label: String, _ dimensions: [(String, String)], _ kind: MetricDefinition.Kind,
    make: (MetricDefinition) -> Cell
  ) -> Cell {
    let name = PrometheusText.legalName(label)
    let labels = PrometheusText.labels(dimensions)
    return families.withLock { families in
      var family = families[name] ?? Family(definition: .known(name) ?? .foreign(name, kind))
      let made = make(family.definition)
      guard family.definition.kind == kind else { return made }
      if let existing = family.series[labels] { return existing as? Cell ?? made }
      family.series[labels] = made
      families[name] = family
      return made
    }
  }

  private func forget(_ handler: AnyObject) {
    families.withLock { families in
      for (name, family) in families {
        let kept = family.series.filter { $0.value !== handler }
        families[name] = kept.isEmpty ? nil : Family(definition: family.definition, series: kept)
      }
    }
  }
}

/// All series of one name.
struct Family: Sendable {
  let definition: MetricDefinition
  /// By rendered labels, without braces.
  var series: [String: any SampledCell] = [:]
}

extension MetricDefinition {
  fileprivate static func known(_ name: String) -> MetricDefinition? { MetricName.byName[name] }

  /// A metric of a library that we use.
  fileprivate static func foreign(_ name: String, _ kind: Kind) -> MetricDefinition {
    MetricDefinition(
      name: name, kind: kind, unit: "", buckets: kind == .histogram ? Buckets.seconds : [],
      help: "Recorded by a library.")
  }
}
