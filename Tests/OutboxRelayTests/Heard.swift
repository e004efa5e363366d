import AMQP

/// What a subscriber heard, read as `aggregate:number`.
struct Heard {
  /// Numbers in the order in which they were first heard, per aggregate.
  private(set) var first: [Int: [Int]] = [:]
  /// How many were heard again.
  private(set) var repeats = 0
  /// Sentences about what must not be.
  private(set) var faults: [String] = []

  init(_ deliveries: [AMQP.Delivery]) { for delivery in deliveries { add(delivery) } }

  /// How many different messages were heard.
  var count: Int { first.values.reduce(0) { $0 + $1.count } }

  /// Notes one more. New ones of an aggregate must come in order and without a gap; a repeated one must repeat what was
  /// heard before.
  mutating func add(_ delivery: AMQP.Delivery) {
    let parts = String(decoding: delivery.body, as: UTF8.self).split(separator: ":").compactMap { Int($0) }
    guard parts.count == 2 else {
      faults.append("not ours: \(String(decoding: delivery.body.prefix(40), as: UTF8.self))")
      return
    }
    let last = first[parts[0]]?.last ?? 0
    if parts[1] <= last {
      repeats += 1
    } else {
      if parts[1] != last + 1 { faults.append("\(parts[0]): \(parts[1]) came after \(last)") }
      first[parts[0], default: []].append(parts[1])
    }
  }
}
