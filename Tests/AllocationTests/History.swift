import Contracts
import PipelineKit
import TestServers

/// Makes up what shops, warehouses and carriers say, duplicates among it, and keeps the totals.
struct History {
  var dice: SeededGenerator
  let skus = ["A", "B", "C", "D", "E"]
  let locations = ["WH-1", "WH-2", "WH-3"]
  private(set) var received: [String: Int64] = [:]
  private(set) var ordered: [String: Int64] = [:]
  private(set) var orders: [String] = []
  private(set) var moves = 0
  private var number = 0

  init(seed: UInt64) { dice = SeededGenerator(seed: seed) }

  /// Products and locations.
  var catalogue: [Letter] { skus.map { .product($0) } + locations.map { .location($0) } }

  /// The next messages, in the order in which they were published; about a tenth twice.
  ///
  /// - Parameter openReservations: `order|line|location|quantity` of what may be shipped.
  mutating func next(_ count: Int, openReservations: [String]) -> [Letter] {
    var letters: [Letter] = []
    for _ in 0..<count {
      let letter = message(openReservations)
      letters.append(letter)
      if chance(10) { letters.append(letter) }
    }
    return letters
  }

  private mutating func message(_ open: [String]) -> Letter {
    number += 1
    switch Int.random(in: 0..<100, using: &dice) {
    case 0..<22: return receipt()
    case 22..<32: return move()
    case 32..<46: return cancellation()
    case 46..<60: return shipment(open) ?? order()
    default: return order()
    }
  }

  private mutating func receipt() -> Letter {
    let sku = pick(skus)
    let quantity = Int64.random(in: 1...12, using: &dice)
    received[sku, default: 0] += quantity
    return .receipt("r-\(key)", sku, pick(locations), quantity)
  }

  private mutating func move() -> Letter {
    moves += 1
    let places = locations.shuffled(using: &dice)
    return .move("mv-\(key)", pick(skus), places[0], places[1], Int64.random(in: 1...6, using: &dice))
  }

  private mutating func order() -> Letter {
    let id = "o-\(key)"
    orders.append(id)
    let lines = (0..<Int.random(in: 1...3, using: &dice)).map { _ in
      (pick(skus), Int64.random(in: 1...5, using: &dice))
    }
    for line in lines { ordered[line.0, default: 0] += line.1 }
    return .order(
      id, lines, backorder: chance(20) ? .deny : .allow, priority: Int32.random(in: -1...1, using: &dice))
  }

  /// Of an order that was placed before or, now and then, of the one that comes next.
  private mutating func cancellation() -> Letter {
    if chance(15) {
      number += 1
      let id = "o-\(key)"
      orders.append(id)
      ordered["A", default: 0] += 2
      pending.append(.order(id, [("A", 2)]))
      return .cancel(id, reason: "early")
    }
    if let late = pending.popLast() { return late }
    guard !orders.isEmpty else { return order() }
    return .cancel(pick(orders))
  }

  private var pending: [Letter] = []

  /// The orders that were cancelled before they came and have not come yet.
  mutating func stragglers() -> [Letter] {
    defer { pending = [] }
    return pending
  }

  private mutating func shipment(_ open: [String]) -> Letter? {
    guard !open.isEmpty else { return nil }
    let parts = pick(open).split(separator: "|").map(String.init)
    guard parts.count == 4, let line = Int32(parts[1]), let quantity = Int64(parts[3]) else { return nil }
    return .shipment("s-\(key)", parts[0], [(line, parts[2], Int64.random(in: 1...quantity, using: &dice))])
  }

  private var key: String { String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)" }
  private mutating func pick(_ all: [String]) -> String { all[Int.random(in: all.indices, using: &dice)] }
  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &dice) < percent }
}
