/// Deliveries that were read and not taken yet, and how much memory their bodies are.
///
/// The broker counts messages when it hands them out, not bytes: of the largest ones a prefetch of a few thousand is
/// gigabytes. Whoever reads has to know when to stop.
struct HeldDeliveries {
  private var deliveries: [Delivery] = []
  /// The bodies' bytes together.
  private(set) var bytes = 0

  var count: Int { deliveries.count }
  var isEmpty: Bool { deliveries.isEmpty }
  /// The tags, in the order of delivery.
  var tags: [UInt64] { deliveries.map(\.tag) }

  mutating func append(_ delivery: Delivery) {
    deliveries.append(delivery)
    bytes += delivery.body.count
  }

  mutating func removeAll() { self = HeldDeliveries() }

  /// Hands over the oldest: so many at most, and no more bytes than these unless the first alone has more.
  mutating func take(upTo limit: Int, bytes most: Int) -> [Delivery] {
    if deliveries.count <= limit, bytes <= most {
      defer { removeAll() }
      return deliveries
    }
    var end = 0
    var size = 0
    while end < min(limit, deliveries.count), end == 0 || size + deliveries[end].body.count <= most {
      size += deliveries[end].body.count
      end += 1
    }
    defer {
      deliveries.removeFirst(end)
      bytes -= size
    }
    return Array(deliveries[..<end])
  }
}
