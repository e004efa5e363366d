import Messaging
import PipelineKit

/// Orders of two lines each over 1,000 SKUs, the same in every run but for the run's name in the ids.
struct FixedOrders: Sendable {
  private static let skus = 1_000
  let run: String
  let perBatch: Int

  func batch(_ number: Int) -> [Delivery] {
    (0..<perBatch).map { place in
      let order = number * perBatch + place
      let name = "\(run)-\(order)"
      return Letter.order(name, [(sku(order * 2), 1), (sku(order * 2 + 1), 2)], id: "message-\(name)")
        .delivery(tag: UInt64(order + 1))
    }
  }

  /// Neighbours are spread over the whole range: 37 has no divisor in common with 1,000.
  private func sku(_ line: Int) -> String {
    let digits = String(line * 37 % FixedOrders.skus)
    return "SKU-" + String(repeating: "0", count: 6 - digits.count) + digits
  }
}
