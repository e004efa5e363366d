import Contracts

@testable import Inventory
@testable import Stock

// The invariants of the domain, over everything that the world holds.

extension World {
  /// Checks all of them.
  func audit() throws(Broken) {
    for item in items.values.sorted(by: { $0.sku < $1.sku }) {
      for balance in item.balances { try audit(balance) }
      try audit(item)
    }
    for order in orders.values.sorted(by: { $0.id < $1.id }) { try audit(order) }
    for (shipment, lines) in books.back.sorted(by: { $0.key < $1.key }) {
      for (line, quantity) in lines.sorted(by: { $0.key < $1.key }) {
        let left = books.left(shipment, line)
        try require(
          quantity <= left, "no more comes back of a shipment than left with it",
          "\(shipment), line \(line): \(quantity) of \(left)")
      }
    }
    var listener = Listener()
    for event in published { try listener.hear(event) }
    try listener.compare(with: self)
  }

  private func audit(_ balance: Balance) throws(Broken) {
    let place = "\(balance.sku) at \(balance.location)\(balance.lot.isEmpty ? "" : ", lot \(balance.lot)")"
    let sums = books.sums[balance.id] ?? [:]
    for (bucket, quantity) in [
      (Bucket.onHand, balance.onHand), (.reserved, balance.reserved), (.damaged, balance.damaged),
      (.qualityControl, balance.qualityControl),
    ] {
      try require(
        sums[bucket, default: 0] == quantity, "the sum of the ledger is the balance",
        "\(place): \(bucket) \(quantity), ledger \(sums[bucket, default: 0])")
      try require(quantity >= 0, "nothing is negative", "\(place): \(bucket) \(quantity)")
    }
    let usable = balance.onHand - balance.damaged - balance.qualityControl
    try require(
      usable >= balance.reserved, "nothing is promised that is not there",
      "\(place): \(balance.reserved) of \(usable)")
    let held = records.papers.held[balance.place, default: 0]
    try require(
      held <= balance.qualityControl, "what holds hold is there",
      "\(place): \(held) of \(balance.qualityControl) in quality control")
    try require(
      balance.seq == books.last[balance.id]?.seq ?? 0, "a balance knows its last entry", "\(place): \(balance.seq)")
  }

  private func audit(_ item: StockItem) throws(Broken) {
    var promised: [WorkingSet.Place: Int64] = [:]
    var waits: Int64 = 0
    for order in orders.values {
      for line in order.lines where line.sku == item.sku {
        if line.backorder?.isFillable == true { waits += line.backorder?.open ?? 0 }
        for reservation in line.reservations { promised[reservation.place(of: line), default: 0] += reservation.open }
      }
    }
    for balance in item.balances {
      let open = promised.removeValue(forKey: balance.place) ?? 0
      try require(
        open == balance.reserved, "open reservations are what is reserved",
        "\(balance.place): \(open), \(balance.reserved) reserved")
    }
    try require(promised.values.allSatisfy { $0 == 0 }, "nothing is promised from nowhere", "\(promised)")
    try require(item.owed == waits, "what is owed is what waits", "\(item.sku): \(item.owed) owed, \(waits) wait")
    let there = item.balances.reduce(0) { $0 + $1.onHand }
    try require(
      there == books.total[item.sku, default: 0], "what came is there or has left",
      "\(item.sku): \(there) there, \(books.total[item.sku, default: 0]) came and did not leave")
    let transit = item.balances.filter { $0.location == .inTransit }
    let onTheWay = books.onTheWay[item.sku, default: 0]
    try require(
      transit.reduce(0) { $0 + $1.onHand } == onTheWay && transit.allSatisfy { $0.reserved == 0 },
      "what has left and not arrived is in transit, for nobody", "\(item.sku): \(onTheWay) on the way")
    try audit(.damaged, of: item, \.damaged, said: books.damaged[item.sku, default: 0])
    try audit(.qualityControl, of: item, \.qualityControl, said: books.held[item.sku, default: 0])
  }

  private func audit(
    _ bucket: Bucket, of item: StockItem, _ quantity: (Balance) -> Int64, said: Int64
  ) throws(Broken) {
    let unfit = item.balances.reduce(0) { $0 + quantity($1) + (books.missing[$1.id]?[bucket] ?? 0) }
    try require(
      unfit == said, "what is not for sale was said to be so", "\(item.sku): \(bucket) \(unfit), said \(said)")
  }

  private func audit(_ order: Order) throws(Broken) {
    var sums = (open: Int64(0), waits: Int64(0), shipped: Int64(0), cancelled: Int64(0))
    for line in order.lines {
      let place = "\(order.id)/\(line.number)"
      try require(
        line.ordered == line.reserved + line.backordered + line.shipped + line.cancelled, "the line equation",
        "\(place): \(line.ordered) = \(line.reserved) + \(line.backordered) + \(line.shipped) + \(line.cancelled)")
      try require(
        min(line.reserved, line.backordered, line.shipped, line.cancelled) >= 0, "nothing is negative", place)
      try audit(line.reservations, of: line, back: books.orders[order.id]?.cameBack[line.number] ?? 0, place)
      try audit(line, of: order, books.orders[order.id] ?? .init(), place)
      let backorder = line.backorder
      try require(backorder?.open ?? 0 == line.backordered, "a backorder is what waits of its line", place)
      if let backorder {
        try require(
          backorder.quantity == backorder.open + backorder.filled + backorder.cancelled,
          "each unit of a backorder ends once", place)
      }
      sums.open += line.reserved
      sums.waits += line.backordered
      sums.shipped += line.shipped
      sums.cancelled += line.cancelled
    }
    guard !order.isTombstone else { return }
    let expected: OrderState =
      if sums.shipped > 0 {
        sums.open + sums.waits > 0
          ? .partiallyShipped : sums.shipped > books.arrived[order.id, default: 0] ? .shipped : .fulfilled
      } else if sums.open + sums.waits == 0 {
        books.hasExpired(order.id) ? .expired : order.state == .rejected ? .rejected : .cancelled
      } else if sums.open == 0 {
        .backordered
      } else {
        sums.waits + sums.cancelled == 0 ? .reserved : .partiallyReserved
      }
    try require(order.state == expected, "an order's state follows from its lines", "\(order.id): \(order.state)")
  }

  /// What was said about a line is what is known of it, and what is not wanted any more neither waits nor is promised.
  private func audit(_ line: OrderLine, of order: Order, _ said: Books.OrderBooks, _ place: String) throws(Broken) {
    let ordered = said.ordered[line.number] ?? 0
    try require(line.ordered == ordered, "a line is as it was ordered", "\(place): \(line.ordered) of \(ordered)")
    try require(
      line.calledOff == said.calledOff[line.number] ?? 0, "what was called off is remembered",
      "\(place): \(line.calledOff)")
    let isEnded = order.isClosed || said.closed.contains(line.number)
    try require(!isEnded || line.open == 0, "nothing is open of what was cancelled", "\(place): \(line.open)")
    try require(
      line.open <= line.wanted(of: line.ordered), "nothing is open that was called off",
      "\(place): \(line.open) of \(line.wanted(of: line.ordered))")
    try require(order.holdUntil == nil || !order.isClosed, "a closed order is no hold", "\(order.id)")
    let returned = said.returned[line.number] ?? 0
    // What failed has come back already.
    let left = line.reservations.reduce(0) { $0 + $1.consumed } - (said.cameBack[line.number] ?? 0)
    try require(returned <= left, "no more comes back than has left", "\(place): \(returned) of \(left)")
  }

  private func audit(
    _ reservations: [Reservation], of line: OrderLine, back: Int64, _ place: String
  ) throws(Broken) {
    var sums = (open: Int64(0), consumed: Int64(0))
    for reservation in reservations {
      try require(
        reservation.quantity == reservation.open + reservation.consumed + reservation.released
          && min(reservation.open, reservation.consumed, reservation.released) >= 0,
        "each unit of a reservation ends once", "\(place) at \(reservation.location)")
      sums.open += reservation.open
      sums.consumed += reservation.consumed
    }
    try require(sums.open == line.reserved, "a line's reserved units are its reservations'", place)
    try require(sums.consumed == line.shipped + back, "a line's shipped units are its reservations'", place)
  }
}

extension Balance {
  /// What it is a balance of.
  var place: WorkingSet.Place { WorkingSet.Place(sku, location, lot: lot.isEmpty ? nil : LotID(trusted: lot)) }
}

extension Reservation {
  /// What is promised.
  func place(of line: OrderLine) -> WorkingSet.Place {
    WorkingSet.Place(line.sku, location, lot: lot.isEmpty ? nil : LotID(trusted: lot))
  }
}
