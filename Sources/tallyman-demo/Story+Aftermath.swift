import Contracts

// After the race: transfers, cancellations, late stock, shipments.

extension Story {
  func transferStock() throws {
    let from = plan.locations[0].locationID
    let to = plan.locations[1].locationID
    stage.screen.step("Two transfers of \(plan.plentiful) from \(from) to \(to): 10 units, and more than there are")
    for (id, quantity) in [("mov-1", Int64(10)), ("mov-2", 1_000_000)] {
      try stage.post.send(
        .stockMoveRequested(
          StockMoveRequested(
            moveID: MoveID(trusted: id), sku: plan.plentiful, fromLocationID: from, toLocationID: to,
            quantity: quantity)))
    }
    try stage.post.finish()
    try stage.wait(for: "two answers to the transfers", progress: { "waiting for both" }) {
      stage.subscriber.count(.stockMoved) == 1 && stage.subscriber.count(.stockMoveRejected) == 1
    }
    stage.screen.say("one stock.moved, one stock.move.rejected")
  }

  func cancelOrders() throws {
    let chosen = acceptedOrders.prefix(90).filter { Int($0.value.suffix(1)) ?? 0 < 7 }
    stage.screen.step("\(chosen.count) customers cancel; what was reserved for them goes to those who wait")
    let filledBefore = stage.subscriber.count(.backorderFilled)
    for order in chosen {
      try stage.post.send(.orderCancelled(OrderCancelled(orderID: order, reason: "found it cheaper")))
    }
    try stage.post.finish()
    cancelled.formUnion(chosen)
    cancelledLate = chosen.count
    try stage.wait(
      for: "\(chosen.count) closed orders",
      progress: { "\(stage.subscriber.count(.orderClosedCancelled))/\(chosen.count) closed" }
    ) { stage.subscriber.count(.orderClosedCancelled) == chosen.count }
    try settle()
    stage.screen.say(
      "\(stage.subscriber.count(.reservationReleased)) reservations released, "
        + "\(stage.subscriber.count(.backorderFilled) - filledBefore) backorders filled from them")
  }

  /// The most wanted product gets all that is owed, the next two a half.
  func receiveLate() throws {
    stage.screen.step("A late delivery of the three most wanted products arrives")
    var brought: [(sku: SKU, before: Int64, quantity: Int64)] = []
    for (rank, product) in plan.products.prefix(3).enumerated() {
      let owed = try stage.records.owed(product.sku)
      brought.append(
        (product.sku, stage.subscriber.filled[product.sku, default: 0], max(1, rank == 0 ? owed : owed / 2)))
    }
    for (rank, late) in brought.enumerated() {
      try stage.post.send(
        .goodsReceived(
          GoodsReceived(
            receiptID: ReceiptID(trusted: "rcv-late-\(rank + 1)"), sku: late.sku,
            locationID: plan.locations[rank % plan.locations.count].locationID, quantity: late.quantity,
            reference: "PO-7999")))
    }
    try stage.post.finish()
    let units = brought.reduce(0) { $0 + $1.quantity }
    func filled() -> Int64 {
      brought.reduce(0) { $0 + stage.subscriber.filled[$1.sku, default: 0] - $1.before }
    }
    try stage.wait(for: "\(units) units filled", progress: { "\(filled())/\(units) units filled" }) {
      filled() >= units
    }
    lateFill = filled()
    stage.screen.say("all \(units) units went to backorders, none to anybody who came later")
  }

  func ship() throws {
    let ready = acceptedOrders.filter { !cancelled.contains($0) }
    let whole = ready.filter { type(of: $0) == .orderReserved }.prefix(400)
    let part = ready.filter { type(of: $0) == .orderPartiallyReserved }.prefix(40)
    stage.screen.step("\(whole.count) orders are shipped whole, \(part.count) in part")
    for order in Array(whole) + Array(part) {
      guard let answer = stage.subscriber.answers[order]?.first?.order else { continue }
      try stage.post.send(.shipmentDispatched(shipment(of: answer)))
    }
    try stage.post.finish()
    func done() -> Int { stage.subscriber.count(.orderShipped, .orderPartiallyShipped) }
    let total = whole.count + part.count
    try stage.wait(for: "\(total) shipments", progress: { "\(done())/\(total) shipped" }) { done() == total }
    shipped = stage.subscriber.count(.orderShipped)
    partlyShipped = stage.subscriber.count(.orderPartiallyShipped)
    stage.screen.say("\(shipped) order.shipped, \(partlyShipped) order.partially_shipped")
  }

  /// Until nothing is under way and everybody was told.
  func settleEverything() throws {
    stage.screen.step("Everything comes to rest")
    try settle()
    func left() throws -> Int { try stage.records.number(Records.openDeliveries) }
    var open = try left()
    try stage.waitForRecords(
      "all mails and webhooks sent", within: .seconds(90), progress: { "\(open) mails and webhooks still to be sent" },
      until: {
        open = try left()
        return open == 0
      })
    try settle(finally: true)
    stage.screen.say("every message is settled, every event has arrived, every mail and webhook is sent")
  }

  // MARK: Parts

  /// Waits until what was published, what is settled and what arrived agree.
  ///
  /// - Parameter finally: Whether notifications have to be over, too; they go on at their own pace.
  private func settle(finally: Bool = false) throws {
    var books = try Books(stage, malformed: Story.malformedMessages)
    try stage.waitForRecords(
      "balanced books", within: .seconds(60), progress: { books.description },
      until: {
        books = try Books(stage, malformed: Story.malformedMessages)
        return finally ? books.isFinal : books.balance
      })
  }

  /// Orders for which something was reserved at once, in the order of their numbers.
  private var acceptedOrders: [OrderID] {
    stage.subscriber.answers.filter { $0.value.first?.order != nil && type(of: $0.key) != .orderBackordered }.keys
      .sorted()
  }

  private func type(of order: OrderID) -> EventType? { stage.subscriber.answers[order]?.first?.type }

  /// What the answer reserved leaves, from where it was reserved.
  private func shipment(of answer: OrderAnswer) -> ShipmentDispatched {
    ShipmentDispatched(
      shipmentID: ShipmentID(trusted: "shp-\(answer.orderID)"), orderID: answer.orderID,
      lines: answer.lines.flatMap { line in
        line.allocations.map {
          ShipmentDispatched.Line(line: line.line, sku: line.sku, locationID: $0.locationID, quantity: $0.quantity)
        }
      },
      carrier: "Example Parcel", trackingNumber: "EP\(answer.orderID.value.suffix(6))")
  }
}
