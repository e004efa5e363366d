import Contracts

@testable import Stock

/// Somebody who knows only what is published. What they know of orders and levels must be what is true.
struct Listener {
  private struct Line: Equatable {
    var ordered: Int64
    var reserved: Int64
    var backordered: Int64
    var shipped: Int64
    var cancelled: Int64
  }

  private var sequences: [String: Int64] = [:]
  private var answers: [OrderID: Int] = [:]
  private var rejected: Set<OrderID> = []
  private var lines: [OrderID: [Int32: Line]] = [:]
  private var levels: [String: AlertState] = [:]
  private var episodes: [String: String] = [:]

  mutating func hear(_ published: OutgoingEvent) throws(Broken) {
    let before = sequences[published.aggregate, default: 0]
    try require(
      published.sequence == before + 1, "an aggregate's events have no gap",
      "\(published.aggregate): \(published.sequence) follows \(before)")
    sequences[published.aggregate] = published.sequence
    try require(published.causationID != nil, "every event names its cause", "\(published.event.type)")
    switch published.event {
    case .orderReserved(let answer), .orderPartiallyReserved(let answer), .orderBackordered(let answer):
      try hear(answer, published.event.type)
    case .orderRejected(let rejected):
      answers[rejected.orderID, default: 0] += 1
      self.rejected.insert(rejected.orderID)
      try require(answers[rejected.orderID] == 1, "an order is answered once", "\(rejected.orderID)")
    case .backorderCreated(let created): try hear(created)
    case .backorderFilled(let filled): try hear(filled)
    case .reservationReleased(let released):
      change(released.orderID, released.line) {
        $0.reserved -= released.quantity
        $0.cancelled += released.quantity
      }
    case .reservationBumped(let bumped):
      change(bumped.orderID, bumped.line) {
        $0.reserved -= bumped.quantity
        $0.backordered += bumped.backordered
        $0.cancelled += bumped.cancelled
      }
    case .orderPartiallyShipped(let shipment), .orderShipped(let shipment): try hear(shipment)
    case .shipmentFailed(let failed):
      for part in failed.lines {
        change(failed.orderID, part.line) {
          $0.shipped -= part.quantity
          $0.reserved += part.reserved
          $0.backordered += part.backordered
          $0.cancelled += part.cancelled
        }
      }
    case .orderFulfilled(let fulfilled): try hear(fulfilled)
    case .orderClosedCancelled(let closed):
      for number in (lines[closed.orderID] ?? [:]).keys {
        change(closed.orderID, number) {
          $0.cancelled += $0.backordered
          $0.backordered = 0
        }
      }
    case .stockLow(let level): try hear(level, .low)
    case .stockOut(let level): try hear(level, .out)
    case .stockRecovered(let level): try hear(level, .normal)
    default: break
    }
  }

  private mutating func change(_ order: OrderID, _ number: Int32, _ body: (inout Line) -> Void) {
    guard var line = lines[order]?[number] else { return }
    body(&line)
    lines[order]?[number] = line
  }

  // MARK: Orders

  /// The first one is the answer; a later `order.reserved` says that a backorder is complete.
  private mutating func hear(_ answer: OrderAnswer, _ type: EventType) throws(Broken) {
    var told: [Int32: Line] = [:]
    for line in answer.lines {
      told[line.line] = Line(
        ordered: line.ordered, reserved: line.reserved, backordered: line.backordered, shipped: line.shipped,
        cancelled: line.cancelled)
      try require(
        line.allocations.reduce(0) { $0 + $1.quantity } == line.reserved, "an answer says where it all comes from",
        "\(answer.orderID)/\(line.line)")
    }
    answers[answer.orderID, default: 0] += 1
    if let known = lines[answer.orderID] {
      try require(type == .orderReserved, "an order is answered once", "\(answer.orderID): \(type)")
      try require(known == told, "who only listens knows an order", "\(answer.orderID): \(known), told \(told)")
    }
    lines[answer.orderID] = told
  }

  private func hear(_ created: BackorderCreated) throws(Broken) {
    let waits = lines[created.orderID]?[created.line]?.backordered
    try require(
      waits == created.quantity, "a backorder is announced with what waits", "\(created.backorderID): \(waits ?? -1)")
  }

  private mutating func hear(_ filled: BackorderFilled) throws(Broken) {
    change(filled.orderID, filled.line) {
      $0.backordered -= filled.quantity
      $0.reserved += filled.quantity
    }
    let waits = lines[filled.orderID]?[filled.line]?.backordered
    try require(waits == filled.remaining, "a filling says what still waits", "\(filled.backorderID): \(waits ?? -1)")
    try require(
      filled.allocations.reduce(0) { $0 + $1.quantity } == filled.quantity, "a filling says where it comes from",
      filled.backorderID)
  }

  /// What has left may have waited, or was cancelled: a shipment says how its lines stand after it.
  private mutating func hear(_ shipment: OrderShipment) throws(Broken) {
    for part in shipment.lines {
      let place = "\(shipment.orderID)/\(part.line)"
      let before = lines[shipment.orderID]?[part.line]?.shipped ?? 0
      let leaving = shipment.lines.reduce(0) { $1.line == part.line ? $0 + $1.quantity : $0 }
      try require(before + leaving == part.shipped, "a shipment says how much has left in all", place)
    }
    for part in shipment.lines {
      lines[shipment.orderID, default: [:]][part.line] = Line(
        ordered: part.ordered, reserved: part.reserved ?? -1, backordered: part.backordered ?? -1,
        shipped: part.shipped,
        cancelled: part.cancelled)
    }
  }

  private func hear(_ fulfilled: OrderFulfilled) throws(Broken) {
    for part in fulfilled.lines {
      if rejected.contains(fulfilled.orderID), lines[fulfilled.orderID]?[part.line] == nil { continue }
      let line = lines[fulfilled.orderID]?[part.line]
      try require(
        line?.shipped == part.delivered && line?.cancelled == part.cancelled && part.ordered == line?.ordered,
        "a fulfilled order says how its lines ended", "\(fulfilled.orderID)/\(part.line)")
    }
  }

  // MARK: Levels

  private mutating func hear(_ level: StockLevel, _ state: AlertState) throws(Broken) {
    let place = "\(level.sku)@\(level.locationID?.value ?? "")"
    let before = levels[place] ?? .normal
    try require(before != state, "a level is reported once", "\(place): \(state)")
    try require(!(before == .out && state == .low), "out is not followed by low", place)
    let isNew = before == .normal
    try require(
      (episodes[place] == level.episodeID) == !isNew, "one episode from low or out to recovered",
      "\(place): \(level.episodeID) after \(episodes[place] ?? "none")")
    episodes[place] = level.episodeID
    levels[place] = state
  }

  // MARK: What is true

  func compare(with world: World) throws(Broken) {
    for order in world.orders.values where !order.isTombstone {
      try require(answers[order.id, default: 0] > 0, "every order is answered", "\(order.id)")
      // Of a rejected order nothing is told of any line, until it has left all the same.
      let known = lines[order.id] ?? [:]
      for line in order.lines where known[line.number] != nil || !rejected.contains(order.id) {
        let truth = Line(
          ordered: line.ordered, reserved: line.reserved, backordered: line.backordered, shipped: line.shipped,
          cancelled: line.cancelled)
        try require(
          known[line.number] == truth, "who only listens knows an order",
          "\(order.id)/\(line.number): \(truth), heard \(known[line.number].map { "\($0)" } ?? "nothing")")
      }
    }
    for item in world.items.values {
      try require(levels["\(item.sku)@"] ?? .normal == item.alert, "who only listens knows a level", "\(item.sku)")
      for balance in item.balances {
        try require(
          levels["\(item.sku)@\(balance.location)"] ?? .normal == balance.alert, "who only listens knows a level",
          "\(item.sku) at \(balance.location)")
      }
    }
  }
}
