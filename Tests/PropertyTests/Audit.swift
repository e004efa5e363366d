import Contracts

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
    var listener = Listener()
    for event in published { try listener.hear(event) }
    try listener.compare(with: self)
  }

  private func audit(_ balance: Balance) throws(Broken) {
    let place = "\(balance.sku) at \(balance.location)"
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
    try require(
      balance.seq == books.last[balance.id]?.seq ?? 0, "a balance knows its last entry", "\(place): \(balance.seq)")
  }

  private func audit(_ item: StockItem) throws(Broken) {
    var promised: [LocationID: Int64] = [:]
    var waits: Int64 = 0
    for order in orders.values {
      for line in order.lines where line.sku == item.sku {
        if line.backorder?.isFillable == true { waits += line.backorder?.open ?? 0 }
        for reservation in line.reservations { promised[reservation.location, default: 0] += reservation.open }
      }
    }
    for balance in item.balances {
      try require(
        promised[balance.location, default: 0] == balance.reserved, "open reservations are what is reserved",
        "\(item.sku) at \(balance.location): \(promised[balance.location, default: 0]), \(balance.reserved) reserved")
    }
    try require(item.owed == waits, "what is owed is what waits", "\(item.sku): \(item.owed) owed, \(waits) wait")
    let there = item.balances.reduce(0) { $0 + $1.onHand }
    try require(
      there == books.total[item.sku, default: 0], "what came is there or has left",
      "\(item.sku): \(there) there, \(books.total[item.sku, default: 0]) came and did not leave")
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
      try audit(line.reservations, of: line, back: books.cameBack[order.id]?[line.number] ?? 0, place)
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
        order.state == .rejected ? .rejected : .cancelled
      } else if sums.open == 0 {
        .backordered
      } else {
        sums.waits + sums.cancelled == 0 ? .reserved : .partiallyReserved
      }
    try require(order.state == expected, "an order's state follows from its lines", "\(order.id): \(order.state)")
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
