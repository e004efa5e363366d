import Contracts
import Messaging
import Stock

// order.amended: the order as it should be from now on. Only the difference is planned: what is reserved stays so as
// far as it is still wanted. An older revision than the one in force changes nothing.

extension AllocationDecisions {
  func amend(_ request: OrderAmended) -> Disposition {
    guard let order = stock.order(request.orderID), !order.isTombstone else {
      return .notApplied(unknownOrder(request.orderID))
    }
    if let inForce = order.revision, request.revision <= inForce {
      guard request.revision == inForce, let contradiction = order.contradiction(with: request) else {
        return .unchanged("revision \(inForce) is in force")
      }
      return .notApplied(contradiction)
    }
    if let obstacle = obstacle(to: request, order) { return obstacle }
    let cause = cause(order.id.value)
    let waitedBefore = Set(order.lines.filter { $0.backordered > 0 }.map(\.number))
    var events = lower(order, to: request, cause)
    raise(order, to: request, cause)
    stock.setRevision(request.revision, of: order)
    let waiting = order.lines.filter { $0.backordered > 0 && !waitedBefore.contains($0.number) }
    events += backordersCreated(waiting, of: order)
    return .applied(events + replanned(order, reason: "amended"))
  }

  /// What keeps the order from being amended, if anything does; nothing has been changed yet.
  private func obstacle(to request: OrderAmended, _ order: Order) -> Disposition? {
    for (index, new) in request.lines.enumerated() {
      let path = "data.lines[\(index)]"
      guard let line = order.line(new.line) else {
        if stock.item(new.sku)?.isRegistered == true { continue }
        return .notApplied(
          Reason(
            .unknownSKU, field: "\(path).sku", value: new.sku.value, rule: "must be registered by product.registered"))
      }
      if line.sku != new.sku {
        return .notApplied(
          Reason(
            .contradiction, field: "\(path).sku", value: new.sku.value,
            rule: "must stay \(line.sku): another product needs a line of its own"))
      }
      if new.quantity < line.shipped { return shipped(line, field: "\(path).quantity", "\(new.quantity)") }
    }
    let named = Set(request.lines.map(\.line))
    for line in order.lines where line.shipped > 0 && !named.contains(line.number) {
      return shipped(line, field: "data.lines", "no line \(line.number)")
    }
    return nil
  }

  private func shipped(_ line: OrderLine, field: String, _ value: String) -> Disposition {
    .notApplied(
      Reason(
        .alreadyShipped, field: field, value: value,
        rule: "must not be less than the \(line.shipped) units of line \(line.number) that have left"))
  }

  /// First what becomes less: it may serve what becomes more.
  private func lower(_ order: Order, to request: OrderAmended, _ cause: Cause) -> [OutgoingEvent] {
    var events: [OutgoingEvent] = []
    for line in order.lines {
      let ordered = request.lines.first { $0.line == line.number }?.quantity ?? 0
      let surplus = line.open - line.wanted(of: ordered)
      if surplus > 0 {
        events += withdraw(surplus, of: line, order, .amended, cause)
        stock.record(.amended, surplus, of: line, order, by: .requested, seeing: nil, cause)
      }
      stock.restate(line, ordered: ordered)
    }
    return events
  }

  /// Then what becomes more; of an order that is wanted wholly, all of it or nothing.
  private func raise(_ order: Order, to request: OrderAmended, _ cause: Cause) {
    for new in request.lines where order.line(new.line) == nil {
      stock.restate(stock.addLine(new.line, new.sku, to: order), ordered: new.quantity)
    }
    guard !order.isClosed else { return }
    let more = order.lines.compactMap { line -> Wish? in
      let units = line.wanted(of: line.ordered) - line.open
      guard units > 0, let item = stock.item(line.sku) else { return nil }
      return Wish(line: line, item: item, units: units)
    }
    for wish in more { stock.reopen(wish.units, of: wish.line) }
    place(more, order, cause)
  }
}

extension Order {
  /// The first field in which an amendment differs from the one in force under the same revision.
  fileprivate func contradiction(with request: OrderAmended) -> Reason? {
    func reason(_ field: String, _ known: String, _ new: String) -> Reason {
      Reason(
        .contradiction, field: "data.\(field)", value: new,
        rule: "must stay \(known): revision \(request.revision) of order \(id) was published with it before")
    }
    for (index, new) in request.lines.enumerated() {
      let known = line(new.line)
      if let known, known.sku != new.sku { return reason("lines[\(index)].sku", known.sku.value, new.sku.value) }
      if known?.ordered ?? 0 != new.quantity {
        return reason("lines[\(index)].quantity", "\(known?.ordered ?? 0)", "\(new.quantity)")
      }
    }
    let count = lines.count { $0.ordered > 0 }
    return count == request.lines.count ? nil : reason("lines", "\(count) lines", "\(request.lines.count) lines")
  }
}
