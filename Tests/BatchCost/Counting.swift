import Allocation
import Messaging
import Postgres

/// A batch's whole way, with nobody at the broker's end.
final class Counting: Broker, PipelineObserver {
  private var applied = 0

  static func process(_ deliveries: [Delivery], on database: Connection) throws -> Int {
    let end = Counting()
    try Pipeline(AllocationHandler(), observer: end).process(deliveries, on: database, broker: end)
    return end.applied
  }

  func acknowledge(through tag: UInt64) throws {}
  func reject(_ tag: UInt64) throws {}
  func serve() throws {}
  func settled(_ report: BatchReport) { applied += report.entries.filter { $0.outcome == .applied }.count }
  func repeated() {}
  func halved(_ size: Int, because reason: String) {}
  func rejected(_ delivery: Delivery, because reason: String) {}
}
