import Allocation
import Messaging
import Postgres

/// A lane's batches on their whole way, with nobody at the broker's end.
final class Counting: Broker, PipelineObserver {
  private lazy var pipeline = Pipeline(AllocationHandler(), observer: self)
  private var applied = 0

  /// Returns how many were applied.
  func process(_ deliveries: [Delivery], on database: Connection) throws -> Int {
    applied = 0
    try pipeline.process(deliveries, on: database, broker: self)
    return applied
  }

  func acknowledge(through tag: UInt64) throws {}
  func reject(_ tag: UInt64) throws {}
  func serve() throws {}
  func settled(_ report: BatchReport) { applied += report.entries.filter { $0.outcome == .applied }.count }
  func repeated(after error: any Error) {}
  func halved(_ size: Int, because reason: String) {}
  func rejected(_ delivery: Delivery, because reason: String) {}
}
