import Metrics
import Synchronization

/// One labelled series' values, as they stand when `/metrics` is read.
enum Sample: Equatable {
  case counter(Double)
  case gauge(Double)
  /// `counts` has one entry per bound and a last one for what lies above; not cumulative.
  case histogram(bounds: [Double], counts: [UInt64], sum: Double)
}

/// A series whose values can be read.
protocol SampledCell: AnyObject, Sendable {
  func sample() -> Sample
}

/// A counter: one atomic addition per increment.
final class CounterCell: CounterHandler, SampledCell {
  private let value = Atomic<Int64>(0)

  func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
  func reset() { value.store(0, ordering: .relaxed) }
  func sample() -> Sample { .counter(Double(value.load(ordering: .relaxed))) }
}

/// A counter of fractions, such as seconds.
final class FractionCounterCell: FloatingPointCounterHandler, SampledCell {
  private let value = AtomicDouble()

  func increment(by amount: Double) { value.add(amount) }
  func reset() { value.store(0) }
  func sample() -> Sample { .counter(value.load()) }
}

/// A value that goes up and down. Serves meters and recorders that do not aggregate.
final class GaugeCell: MeterHandler, RecorderHandler, SampledCell {
  private let value = AtomicDouble()

  func set(_ new: Int64) { value.store(Double(new)) }
  func set(_ new: Double) { value.store(new) }
  func increment(by amount: Double) { value.add(amount) }
  func decrement(by amount: Double) { value.add(-amount) }
  func record(_ new: Int64) { value.store(Double(new)) }
  func record(_ new: Double) { value.store(new) }
  func sample() -> Sample { .gauge(value.load()) }
}

/// A histogram, recorded once per batch or call. The lock (some 20 ns when nobody reads) keeps buckets and sum in step.
final class HistogramCell: RecorderHandler, TimerHandler, SampledCell {
  private struct State {
    var counts: [UInt64]
    var sum = 0.0
  }

  private let bounds: [Double]
  private let state: Mutex<State>

  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  func record(_ value: Int64) { record(Double(value)) }
  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  /// A value that is not a number would spoil the sum for ever: it is left out.
  func record(_ value: Double) {
    guard value.isFinite else { return }
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock {
      $0.counts[bucket] += 1
      $0.sum += value
    }
  }

  func sample() -> Sample { state.withLock { .histogram(bounds: bounds, counts: $0.counts, sum: $0.sum) } }
}

/// A `Double` that threads share; its bit pattern is what the processor exchanges.
final class AtomicDouble: Sendable {
  private let bits = Atomic<UInt64>(0)  // 0 is the bit pattern of 0.0

  func load() -> Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
  func store(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

  func add(_ amount: Double) {
    var seen = bits.load(ordering: .relaxed)
    while true {
      let wanted = (Double(bitPattern: seen) + amount).bitPattern
      let (exchanged, original) = bits.weakCompareExchange(expected: seen, desired: wanted, ordering: .relaxed)
      if exchanged { return }
      seen = original
    }
  }
}
