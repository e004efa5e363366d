import Metrics
import Testing

@testable import Observability

@Suite("Prometheus text")
struct PrometheusRegistryTests {
  let registry = PrometheusRegistry()

  @Test("a counter is rendered with its help, type and labels")
  func counter() {
    let counter = MetricName.messages.counter("inventory", "goods.received", "applied", in: registry)
    counter.increment(by: 3)
    counter.increment()
    MetricName.messages.counter("inventory", "goods.received", "duplicate", in: registry).increment()
    #expect(
      registry.render() == """
        # HELP tallyman_messages_total Messages settled, by consumer, event type and outcome.
        # TYPE tallyman_messages_total counter
        tallyman_messages_total{consumer="inventory",outcome="applied",type="goods.received"} 4
        tallyman_messages_total{consumer="inventory",outcome="duplicate",type="goods.received"} 1

        """)
  }

  @Test("a histogram's buckets are cumulative and end with +Inf, sum and count")
  func histogram() {
    let sizes = MetricName.batchSize.histogram("inventory", in: registry)
    for size in [1, 2, 2, 500, 9_999] { sizes.record(size) }
    let lines = registry.render().split(separator: "\n").map(String.init)
    #expect(lines[1] == "# TYPE tallyman_batch_size histogram")
    #expect(lines[2] == #"tallyman_batch_size_bucket{consumer="inventory",le="1"} 1"#)
    #expect(lines[3] == #"tallyman_batch_size_bucket{consumer="inventory",le="2"} 3"#)
    #expect(lines.contains(#"tallyman_batch_size_bucket{consumer="inventory",le="200"} 3"#))
    #expect(lines.contains(#"tallyman_batch_size_bucket{consumer="inventory",le="500"} 4"#))
    #expect(
      lines.suffix(3) == [
        #"tallyman_batch_size_bucket{consumer="inventory",le="+Inf"} 5"#,
        #"tallyman_batch_size_sum{consumer="inventory"} 10504"#,
        #"tallyman_batch_size_count{consumer="inventory"} 5"#,
      ])
  }

  @Test("a timer is a histogram in seconds")
  func timer() {
    MetricName.batchSeconds.timer("inventory", in: registry).recordNanoseconds(2_000_000)
    let page = registry.render()
    #expect(page.contains(#"tallyman_batch_seconds_bucket{consumer="inventory",le="0.001"} 0"#))
    #expect(page.contains(#"tallyman_batch_seconds_bucket{consumer="inventory",le="0.0025"} 1"#))
    #expect(page.contains(#"tallyman_batch_seconds_sum{consumer="inventory"} 0.002"#))
  }

  @Test("a gauge keeps its last value and moves both ways")
  func gauge() {
    let gauge = MetricName.outboxWaiting.gauge(in: registry)
    gauge.set(100_000)
    gauge.decrement(by: 0.5)
    #expect(registry.render().hasSuffix("# TYPE tallyman_outbox_waiting gauge\ntallyman_outbox_waiting 99999.5\n"))
  }

  @Test("label values are escaped, so that no text can forge a series")
  func escaping() {
    let counter = Counter(label: "x", dimensions: [("k", "a\"b\\c\nd 1")], factory: registry)
    counter.increment()
    #expect(registry.render().hasSuffix(#"x{k="a\"b\\c\nd 1"} 1"# + "\n"))
  }

  @Test("a library's names are made legal")
  func foreignNames() {
    Counter(label: "http.requests-9", dimensions: [("status code", "200")], factory: registry).increment()
    Counter(label: "9lives", dimensions: [], factory: registry).increment()
    let page = registry.render()
    #expect(page.contains("\nhttp_requests_9{status_code=\"200\"} 1\n"))
    #expect(page.contains("\n_9lives 1\n"))
  }

  @Test("the same name and labels are one series, whatever the order of the labels")
  func sameSeries() {
    Counter(label: "x", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
    Counter(label: "x", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
    #expect(registry.render().hasSuffix("x{a=\"1\",b=\"2\"} 2\n"))
  }

  @Test("a name asked for as another kind does not spoil the page")
  func clash() {
    MetricName.retries.counter("inventory", in: registry).increment()
    let before = registry.render()
    Meter(label: "tallyman_retries_total", factory: registry).set(7)
    #expect(registry.render() == before)
  }

  @Test("a destroyed series disappears, its siblings stay")
  func destroy() {
    let first = MetricName.lanePaused.gauge("lane-1", in: registry)
    first.set(1)
    MetricName.lanePaused.gauge("lane-2", in: registry).set(0)
    first.destroy()
    #expect(!registry.render().contains("lane-1"))
    #expect(registry.render().contains(#"tallyman_lane_paused{lane="lane-2"} 0"#))
  }

  @Test("a value that is not a number leaves a histogram as it was")
  func notANumber() {
    let cell = HistogramCell(bounds: [1])
    cell.record(.nan)
    cell.record(.infinity)
    cell.record(0.5)
    #expect(cell.sample() == .histogram(bounds: [1], counts: [1, 0], sum: 0.5))
  }

  @Test("increments of many threads all count")
  func threads() async {
    let counter = MetricName.outboxPublished.counter(in: registry)
    let gauge = MetricName.outboxWaiting.gauge(in: registry)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<10_000 {
            counter.increment()
            gauge.increment()
          }
        }
      }
    }
    #expect(registry.render().contains("tallyman_outbox_published_total 80000\n"))
    #expect(registry.render().contains("tallyman_outbox_waiting 80000\n"))
  }

  @Test("numbers are spelt as Prometheus reads them")
  func numbers() {
    let spelt = [0, 1, -2, 0.5, 1e-7, .infinity, -.infinity, .nan].map(PrometheusText.number)
    #expect(spelt == ["0", "1", "-2", "0.5", "1e-07", "+Inf", "-Inf", "NaN"])
  }

  @Test("the process shows its memory, processor time and version")
  func process() throws {
    registry.observeProcess(executable: "inventory-worker", version: "0.1.0")
    let page = registry.render()
    #expect(page.contains(#"tallyman_build_info{executable="inventory-worker",version="0.1.0"} 1"#))
    #expect(try value("process_resident_memory_bytes", page) > 1_000_000)
    #expect(try value("process_cpu_seconds_total", page) > 0)
  }

  private func value(_ name: String, _ page: String) throws -> Double {
    let line = try #require(page.split(separator: "\n").first { $0.hasPrefix(name + " ") })
    return try #require(Double(line.dropFirst(name.count + 1)))
  }
}

@Suite("Metric names")
struct MetricNameTests {
  let definitions = MetricName.allCases.map(\.definition)

  @Test("every metric has a name of its own")
  func unique() { #expect(Set(definitions.map(\.name)).count == MetricName.allCases.count) }

  @Test("names follow Prometheus' conventions", arguments: MetricName.allCases)
  func conventions(_ metric: MetricName) {
    let definition = metric.definition
    #expect(PrometheusText.legalName(definition.name) == definition.name)
    #expect(definition.name.hasPrefix("tallyman_") || definition.name.hasPrefix("process_"))
    #expect(definition.name.hasSuffix("_total") == (definition.kind == .counter))
    #expect(definition.help.hasSuffix("."))
    #expect((definition.kind == .histogram) == !definition.buckets.isEmpty)
    #expect(definition.buckets == definition.buckets.sorted())
    if definition.kind == .histogram, definition.unit == "seconds" { #expect(definition.name.hasSuffix("_seconds")) }
  }
}
