import Contracts
import Messaging
import TestServers
import Testing

@testable import Stock

/// What is said about one order may come in any sequence. Its content defines one end where stock is plenty, no
/// amendment asks for less than what is called off and shipped of a line, and nothing is cancelled that has left.
@LongComputation @Suite("Properties of random histories: all that is said about one order")
struct SequenceProperties {
  private static let orderID = OrderID(trusted: "o-one")
  private static let skus = [SKU(trusted: "A"), SKU(trusted: "B")]
  private static let place = LocationID(trusted: "WH-1")
  private static let supply = 5

  @Test("created, confirmed, amended, cancelled in part or whole, shipped, delivered, failed: one end in any sequence")
  func anySequence() {
    #expect((300_000..<300_500).allSatisfy { Self.isDefined(Self.history(seed: $0)) })
    forAll(1000, seed: 310_000, make: Self.history) { history throws(Broken) in
      guard Self.isDefined(history) else { return }
      let (supply, said) = (history.steps.prefix(Self.supply), history.steps.dropFirst(Self.supply))
      let proper = try Self.end(of: history)
      var dice = SeededGenerator(seed: history.schedule.seed)
      for _ in 0..<3 {
        let other = History(steps: supply + said.shuffled(using: &dice))
        let end = try Self.end(of: other)
        let order = other.steps.map(\.id).joined(separator: " ")
        try require(
          end == proper, "one end in any sequence", "\(OrderingProperties.difference(proper, end)) after \(order)")
      }
    }
  }

  /// Reservations may be made in one piece or in several, and a line that only an older revision has may leave a row
  /// with nothing in it. What is called off of an order that is cancelled as a whole
  /// does not matter.
  private static func end(of history: History) throws(Broken) -> [String] {
    let isCancelled = history.steps.contains { step in
      if case .orderCancelled(let cancellation) = step.event { cancellation.lines == nil } else { false }
    }
    let all = try History(steps: history.steps).world().quantities
    return all.filter { !$0.hasPrefix("reserved ") && !$0.contains(" 0 0 0 0 of 0 ") }.map { line in
      guard isCancelled, let end = line.firstRange(of: " called off ") else { return line }
      return String(line[..<end.lowerBound])
    }
  }

  // MARK: Made up

  private static func history(seed: UInt64) -> History {
    var dice = SeededGenerator(seed: seed)
    let lines = Int.random(in: 1...3, using: &dice)
    let floors = (0..<lines).map { _ in
      (calledOff: Int64.random(in: 0...2, using: &dice), shipped: Int64.random(in: 0...3, using: &dice))
    }
    let isCancelled = Int.random(in: 0..<4, using: &dice) == 0
    func quantities() -> [(Int32, SKU, Int64)] {
      floors.enumerated().map { index, floor in
        let more = Int64.random(in: 0...4, using: &dice)
        return (Int32(index + 1), skus[index % 2], max(1, floor.calledOff + floor.shipped + more))
      }
    }
    let isHold = Bool.random(using: &dice)
    var said: [Event] = [
      .orderCreated(
        OrderCreated(
          orderID: orderID, customerID: CustomerID(trusted: "cust-1"),
          lines: quantities().map { .init(line: $0.0, sku: $0.1, quantity: $0.2) },
          policy: FulfilmentPolicy.allCases.randomElement(using: &dice) ?? .partial,
          expiresAt: isHold ? History.start + .seconds(10 * 86_400) : nil))
    ]
    if isHold, Bool.random(using: &dice) { said.append(.orderConfirmed(OrderConfirmed(orderID: orderID))) }
    for revision in 0..<Int64.random(in: 0...3, using: &dice) {
      var lines = quantities().map { OrderAmended.Line(line: $0.0, sku: $0.1, quantity: $0.2) }
      if Bool.random(using: &dice) { lines.append(.init(line: 9, sku: skus[1], quantity: 2)) }
      said.append(.orderAmended(OrderAmended(orderID: orderID, revision: revision + 1, lines: lines)))
    }
    for (index, floor) in floors.enumerated() {
      said += cancellations(of: Int32(index + 1), floor.calledOff)
      if !isCancelled, floor.shipped > 0 { said += shipments(of: Int32(index + 1), floor.shipped, &dice) }
    }
    if isCancelled { said.append(.orderCancelled(OrderCancelled(orderID: orderID, reason: "enough"))) }
    let steps = (stock + said).enumerated().map { number, event in
      Step(id: "m-\(number)", second: Int64(number), event: event)
    }
    return History(steps: steps, schedule: .init(seed: dice.next(), batch: 1, disorder: false))
  }

  private static var stock: [Event] {
    let products = skus.map { Event.productRegistered(ProductRegistered(sku: $0, name: "Thing")) }
    let receipts = skus.map { sku in
      Event.goodsReceived(
        GoodsReceived(receiptID: ReceiptID(trusted: "r-\(sku)"), sku: sku, locationID: place, quantity: 1000))
    }
    return products + [.locationRegistered(LocationRegistered(locationID: place, name: "House"))] + receipts
  }

  /// One unit each.
  private static func cancellations(of line: Int32, _ units: Int64) -> [Event] {
    (0..<units).map { number in
      .orderCancelled(
        OrderCancelled(
          orderID: orderID, cancellationID: CancellationID(trusted: "x-\(line)-\(number)"),
          lines: [.init(line: line, quantity: 1)]))
    }
  }

  /// All of it in one or two shipments, of which a carrier may tell.
  private static func shipments(of line: Int32, _ units: Int64, _ dice: inout SeededGenerator) -> [Event] {
    let first = Int64.random(in: 1...units, using: &dice)
    return [first, units - first].filter { $0 > 0 }.enumerated().flatMap { number, quantity -> [Event] in
      let id = ShipmentID(trusted: "s-\(line)-\(number)")
      let left = Event.shipmentDispatched(
        ShipmentDispatched(
          shipmentID: id, orderID: orderID, lines: [.init(line: line, locationID: place, quantity: quantity)]))
      let statuses: [CarrierStatus] =
        [[], [.inTransit], [.inTransit, .delivered], [.failed]].randomElement(using: &dice) ?? []
      return [left]
        + statuses.enumerated().map { hour, status in
          .shipmentStatus(
            ShipmentStatus(shipmentID: id, status: status, timestamp: History.start + .seconds(Int64(hour) * 3600)))
        }
    }
  }

  /// Whether the content defines one end; a history that was cut down may not.
  private static func isDefined(_ history: History) -> Bool {
    var floors: [Int32: Int64] = [:]
    var offers: [[Int32: Int64]] = []
    var revisions: [Int64] = []
    for event in history.steps.map(\.event) {
      switch event {
      case .orderCreated(let order):
        offers.append(Dictionary(uniqueKeysWithValues: order.lines.map { ($0.line, $0.quantity) }))
      case .orderAmended(let amendment):
        revisions.append(amendment.revision)
        offers.append(Dictionary(uniqueKeysWithValues: amendment.lines.map { ($0.line, $0.quantity) }))
      case .orderCancelled(let cancellation):
        for line in cancellation.lines ?? [] { floors[line.line, default: 0] += line.quantity ?? 1000 }
      case .shipmentDispatched(let shipment):
        for line in shipment.lines { floors[line.line, default: 0] += line.quantity }
      default: break
      }
    }
    return history.steps.prefix(supply).map(\.event) == stock && Set(revisions).count == revisions.count
      && offers.allSatisfy { offer in floors.allSatisfy { offer[$0.key, default: 0] >= $0.value } }
  }
}
