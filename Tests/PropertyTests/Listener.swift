import Contracts

@testable import Inventory
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
  /// Orders that are being planned anew, by the message that caused it: what is said of their lines holds with the
  /// event that ends it.
  private var unsettled: [OrderID: String] = [:]
  /// Orders of which nothing is open any more: how their lines ended may not have been told.
  private var closed: Set<OrderID> = []
  /// Lines that have begun to wait.
  private var waiting: [OrderID: Set<Int32>] = [:]
  private var products: [SKU: ProductContent] = [:]
  private var retired: Set<SKU> = []
  private var told: Set<String> = []

  mutating func hear(_ published: OutgoingEvent) throws(Broken) {
    let before = sequences[published.aggregate, default: 0]
    try require(
      published.sequence == before + 1, "an aggregate's events have no gap",
      "\(published.aggregate): \(published.sequence) follows \(before)")
    sequences[published.aggregate] = published.sequence
    try require(published.causationID != nil, "every event names its cause", "\(published.event.type)")
    let cause = published.causationID ?? ""
    let open = unsettled.filter { $0.value != cause && "order/\($0.key)" == published.aggregate }
    try require(open.isEmpty, "planning anew ends with how the order is", "\(open)")
    switch published.event {
    case .orderReserved(let answer), .orderPartiallyReserved(let answer), .orderBackordered(let answer):
      try hear(answer, published.event.type, because: cause)
    case .orderRejected(let rejected):
      answers[rejected.orderID, default: 0] += 1
      self.rejected.insert(rejected.orderID)
      try require(answers[rejected.orderID] == 1, "an order is answered once", "\(rejected.orderID)")
    case .backorderCreated(let created): hear(created, because: cause)
    case .backorderFilled(let filled): try hear(filled, because: cause)
    case .reservationReleased(let released):
      // What became of units whose plan failed is told by shipment.replanned, all at once.
      if released.reason == "amended" { unsettled[released.orderID] = cause }
      if released.reason != "plan_failed" { give(released.quantity, of: released.orderID, released.line) }
    case .reservationExpired(let expired): give(expired.quantity, of: expired.orderID, expired.line)
    case .orderReplanned(let replanned):
      unsettled[replanned.orderID] = nil
      closed.remove(replanned.orderID)
      lines[replanned.orderID] = try told(of: replanned.orderID, replanned.lines)
    case .shipmentReplanned(let replanned):
      for part in replanned.lines {
        change(replanned.orderID, part.line) {
          $0.reserved += part.reserved - part.quantity
          $0.backordered += part.backordered
          $0.cancelled += part.cancelled
        }
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
      unsettled[closed.orderID] = nil
      self.closed.insert(closed.orderID)
      for number in (lines[closed.orderID] ?? [:]).keys {
        change(closed.orderID, number) {
          $0.cancelled += $0.backordered
          $0.backordered = 0
        }
      }
    case .stockLow(let level): try hear(level, .low)
    case .stockOut(let level): try hear(level, .out)
    case .stockRecovered(let level): try hear(level, .normal)
    case .productCreated(let product):
      products[product.sku] = product
      retired.remove(product.sku)
    case .productUpdated(let product): products[product.sku] = product
    case .productRetired(let product): retired.insert(product.sku)
    case .lotExpired(let expired): try hearOnce("lot \(expired.lot) of \(expired.sku)")
    case .shipmentOverdue(let overdue): try hearOnce("overdue \(overdue.shipmentID)")
    case .stockAdjusted(let adjusted): try hearOnce("\(adjusted.kind) \(adjusted.reference)")
    default: break
    }
  }

  private mutating func hearOnce(_ news: String) throws(Broken) {
    try require(told.insert(news).inserted, "news is told once", news)
  }

  private mutating func give(_ quantity: Int64, of order: OrderID, _ line: Int32) {
    change(order, line) {
      $0.reserved -= quantity
      $0.cancelled += quantity
    }
  }

  private mutating func change(_ order: OrderID, _ number: Int32, _ body: (inout Line) -> Void) {
    guard var line = lines[order]?[number] else { return }
    body(&line)
    lines[order]?[number] = line
  }

  // MARK: Orders

  /// The first one is the answer; a later `order.reserved` says that a backorder is complete.
  private mutating func hear(_ answer: OrderAnswer, _ type: EventType, because cause: String) throws(Broken) {
    let told = try told(of: answer.orderID, answer.lines)
    answers[answer.orderID, default: 0] += 1
    if let known = lines[answer.orderID] {
      try require(type == .orderReserved, "an order is answered once", "\(answer.orderID): \(type)")
      if known.filter({ $0.value.ordered > 0 }) != told { unsettled[answer.orderID] = cause }
    }
    lines[answer.orderID] = told
  }

  private func told(of order: OrderID, _ said: [OrderAnswer.Line]) throws(Broken) -> [Int32: Line] {
    var told: [Int32: Line] = [:]
    for line in said {
      told[line.line] = Line(
        ordered: line.ordered, reserved: line.reserved, backordered: line.backordered, shipped: line.shipped,
        cancelled: line.cancelled)
      try require(
        line.allocations.reduce(0) { $0 + $1.quantity } == line.reserved, "an answer says where it all comes from",
        "\(order)/\(line.line)")
    }
    return told
  }

  private mutating func hear(_ created: BackorderCreated, because cause: String) {
    waiting[created.orderID, default: []].insert(created.line)
    let waits = lines[created.orderID]?[created.line]?.backordered
    // An amendment lets more wait, and says so before it says how the order is.
    if waits != created.quantity { unsettled[created.orderID] = cause }
  }

  private mutating func hear(_ filled: BackorderFilled, because cause: String) throws(Broken) {
    change(filled.orderID, filled.line) {
      $0.backordered -= filled.quantity
      $0.reserved += filled.quantity
    }
    let waits = lines[filled.orderID]?[filled.line]?.backordered
    // A cancellation of what waits says so with how the order is.
    if waits != filled.remaining { unsettled[filled.orderID] = cause }
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
      if closed.contains(fulfilled.orderID), line?.shipped ?? 0 == part.delivered { continue }
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
    try require(unsettled.isEmpty, "planning anew ends with how the order is", "\(unsettled)")
    for order in world.orders.values where !order.isTombstone {
      try require(answers[order.id, default: 0] > 0, "every order is answered", "\(order.id)")
      // Of a rejected order nothing is told of any line, until it has left all the same.
      let known = lines[order.id] ?? [:]
      for line in order.lines where known[line.number] != nil || !rejected.contains(order.id) {
        // One that an amendment took away is not told of.
        if line.ordered == 0, known[line.number] == nil { continue }
        if closed.contains(order.id), line.shipped == known[line.number]?.shipped ?? 0, line.open == 0 { continue }
        let truth = Line(
          ordered: line.ordered, reserved: line.reserved, backordered: line.backordered, shipped: line.shipped,
          cancelled: line.cancelled)
        try require(
          line.backordered == 0 || waiting[order.id]?.contains(line.number) == true, "a line that waits was told of",
          "\(order.id)/\(line.number)")
        try require(
          known[line.number] == truth, "who only listens knows an order",
          "\(order.id)/\(line.number): \(truth), heard \(known[line.number].map { "\($0)" } ?? "nothing")")
      }
    }
    for (sku, entry) in world.records.products {
      let isKnown = products[sku] == entry.content && retired.contains(sku) == entry.isDiscontinued
      try require(isKnown, "who only listens knows the catalogue", "\(sku): \(products[sku].map { "\($0)" } ?? "none")")
    }
    for item in world.items.values {
      try require(levels["\(item.sku)@"] ?? .normal == item.alert, "who only listens knows a level", "\(item.sku)")
      for balance in item.balances where balance.lot.isEmpty {
        try require(
          levels["\(item.sku)@\(balance.location)"] ?? .normal == balance.alert, "who only listens knows a level",
          "\(item.sku) at \(balance.location)")
      }
    }
  }
}
