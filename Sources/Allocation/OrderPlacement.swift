import Contracts
import Messaging
import Stock

// order.created: reserve what can be promised, let the rest wait or end, and give exactly one answer.

extension AllocationDecisions {
  func create(_ request: OrderCreated) -> Disposition {
    if let known = stock.order(request.orderID) {
      if known.isTombstone { return rejectCancelled(request, tombstone: known) }
      guard let contradiction = known.contradiction(with: request) else {
        return .unchanged("the order is answered already")
      }
      return .notApplied(contradiction)
    }
    let order = Order(new: request, at: message.envelope.time)
    var wishes: [Wish] = []
    wishes.reserveCapacity(request.lines.count)
    for line in order.lines {
      guard let item = stock.item(line.sku), item.isRegistered else {
        return .notApplied(
          Reason(
            .unknownSKU, field: "data.lines[\(wishes.count)].sku", value: line.sku.value,
            rule: "must be registered by product.registered"))
      }
      wishes.append(Wish(line: line, item: item, units: line.ordered))
    }
    let cause = cause(request.orderID.value)
    place(wishes, order, cause)
    stock.insert(order)
    stock.refresh(order)
    return .applied(answer(order))
  }

  /// Units that a line should get of its SKU.
  struct Wish {
    let line: OrderLine
    let item: StockItem
    let units: Int64
  }

  /// Promises units of lines as the order's policy allows; the rest waits or ends. Lines are placed one after the other
  /// on the same working set, so two lines of one SKU never see the same units.
  func place(_ wishes: [Wish], _ order: Order, _ cause: Cause) {
    let isAllOrNothing = order.terms.policy == .shipComplete
    // What waits already keeps the rest from leaving as well.
    let isWhole = !isAllOrNothing || order.lines.allSatisfy { $0.backordered == 0 } && canPromise(wishes)
    let isPast = isAllOrNothing && wishes.contains { $0.item.isDiscontinued }
    for wish in wishes {
      if isPast || wish.item.isDiscontinued {
        stock.cancel(wish.units, of: wish.line)
        stock.record(.refused, wish.units, of: wish.line, order, by: .discontinued, seeing: nil, cause)
      } else {
        place(wish.units, of: wish.line, wish.item, order, isWhole: isWhole, cause)
      }
    }
  }

  private func place(
    _ units: Int64, of line: OrderLine, _ item: StockItem, _ order: Order, isWhole: Bool, _ cause: Cause
  ) {
    let promisable = item.availableToPromise
    let promised: Int64 =
      switch order.terms.policy {
      case .partial: min(units, promisable)
      case .lineComplete: promisable >= units && line.backordered == 0 ? units : 0
      case .shipComplete: isWhole ? units : 0
      }
    let sight = promised < units ? sight(of: item, for: units, order) : nil
    let missing = units - reserve(promised, for: line, item, order, cause)
    guard missing > 0 else { return }
    if order.allowsBackorder {
      stock.enqueue(missing, of: line, cause)
    } else {
      stock.cancel(missing, of: line)
    }
    stock.record(
      order.allowsBackorder ? .backordered : .refused, missing, of: line, order, by: order.terms.policy.shortageRule,
      seeing: sight, cause)
  }

  /// Whether all of this could be promised at once.
  private func canPromise(_ wishes: [Wish]) -> Bool {
    var wanted: [SKU: Int64] = [:]
    for wish in wishes { wanted[wish.line.sku, default: 0] += wish.units }
    return wanted.allSatisfy { sku, units in units <= stock.item(sku)?.availableToPromise ?? 0 }
  }

  // MARK: The answer

  private func answer(_ order: Order) -> [OutgoingEvent] {
    let answer: Event
    switch order.state {
    case .reserved: answer = .orderReserved(order.answer)
    case .partiallyReserved: answer = .orderPartiallyReserved(order.answer(refusing: refusal))
    case .backordered: answer = .orderBackordered(order.answer(refusing: refusal))
    default:
      answer = .orderRejected(refusal(of: order))
    }
    let told = follow.event(answer, order: order.id, sequence: order.nextSequence())
    if order.state == .reserved { return [told] }
    let waiting = order.lines.filter { $0.backordered > 0 }
    return waiting.isEmpty ? [told] : [told] + backordersCreated(waiting, of: order)
  }

  /// Why units of a line that was just placed are cancelled.
  private func refusal(of line: OrderLine) -> LineRefusalReason {
    stock.item(line.sku)?.isDiscontinued == true ? .discontinued : .noStock
  }

  /// Nothing of the order is open: closes it, and says why.
  private func refusal(of order: Order) -> OrderRejected {
    let discontinued = Set(order.lines.map(\.sku)).filter { stock.item($0)?.isDiscontinued == true }.sorted()
    // An order that ships as a whole or not at all never ships without one of its lines.
    let isWhole = order.terms.policy == .shipComplete
    let isDiscontinued =
      !discontinued.isEmpty && (isWhole || order.lines.allSatisfy { discontinued.contains($0.sku) })
    let reason: OrderRejectionReason = isDiscontinued ? .discontinued : .noStock
    stock.close(order, as: .rejected, reason: reason.rawValue)
    let named = discontinued.prefix(10).map(\.value).joined(separator: ", ")
    let detail =
      switch (isDiscontinued, discontinued.isEmpty) {
      case (true, _): "discontinued: \(named)"
      case (false, true): order.terms.policy.refusal
      case (false, false): "\(order.terms.policy.refusal); discontinued: \(named)"
      }
    return OrderRejected(orderID: order.id, customerID: order.customer, reason: reason, detail: detail)
  }

  /// The order of a cancellation that came first: it is answered, and nothing is reserved.
  private func rejectCancelled(_ request: OrderCreated, tombstone: Order) -> Disposition {
    let order = Order(replacing: tombstone, with: request, at: message.envelope.time)
    let cause = cause(order.id.value)
    for line in order.lines {
      stock.cancel(line.ordered, of: line)
      stock.record(.refused, line.ordered, of: line, order, by: .cancelledBefore, seeing: nil, cause)
    }
    stock.replace(order)
    let rejected = OrderRejected(
      orderID: order.id, customerID: order.customer, reason: .cancelled,
      detail: tombstone.closedReason ?? "it was cancelled before it arrived")
    return .applied([follow.event(.orderRejected(rejected), order: order.id, sequence: order.nextSequence())])
  }
}

extension FulfilmentPolicy {
  /// Why units could not be promised to an order with this policy.
  var shortageRule: Decision.Rule {
    switch self {
    case .partial: .short
    case .lineComplete: .lineIncomplete
    case .shipComplete: .orderIncomplete
    }
  }

  /// Why nothing of an order with this policy was accepted, for people.
  fileprivate var refusal: String {
    switch self {
    case .partial: "nothing of it can be promised now and it must not wait"
    case .lineComplete: "no line of it can be promised wholly now and it must not wait"
    case .shipComplete: "not all of it can be promised now and it must not wait"
    }
  }
}

extension OrderLine {
  /// Where its reserved units lie.
  fileprivate var allocations: [LocationQuantity] {
    let reservations = reservations
    var places: [LocationQuantity] = []
    places.reserveCapacity(reservations.count)
    for reservation in reservations where reservation.open > 0 {
      places.append(LocationQuantity(locationID: reservation.location, quantity: reservation.open))
    }
    return places
  }
}

extension Order {
  /// The order as it stands.
  var answer: OrderAnswer { answer(refusing: { _ in nil }) }

  /// The order as its answer shows it.
  ///
  /// - Parameter reason: Why units of a line are cancelled.
  func answer(refusing reason: (OrderLine) -> LineRefusalReason?) -> OrderAnswer {
    let lines = lines
    var answered: [OrderAnswer.Line] = []
    answered.reserveCapacity(lines.count)
    for line in lines where line.ordered > 0 {
      answered.append(
        OrderAnswer.Line(
          line: line.number, sku: line.sku, ordered: line.ordered, reserved: line.reserved,
          backordered: line.backordered, shipped: line.shipped, cancelled: line.cancelled,
          reason: line.cancelled > 0 ? reason(line) : nil, allocations: line.allocations))
    }
    return OrderAnswer(orderID: id, customerID: customer ?? CustomerID(trusted: "unknown"), lines: answered)
  }

  /// The first field in which a repetition differs from the order as it was placed.
  func contradiction(with request: OrderCreated) -> Reason? {
    func reason(_ field: String, _ known: String, _ new: String) -> Reason {
      Reason(
        .contradiction, field: "data.\(field)", value: new,
        rule: "must stay \(known): order \(id) was created with it before")
    }
    // An order whose customer was erased stays the same order when it comes again.
    if customer != request.customerID, !isErased {
      return reason("customer_id", customer?.value ?? "absent", request.customerID.value)
    }
    // As it was placed: amendments came later.
    let placed = lines.filter { $0.placed ?? $0.ordered > 0 }
    if placed.count != request.lines.count {
      return reason("lines", "\(placed.count) lines", "\(request.lines.count) lines")
    }
    for (index, new) in request.lines.enumerated() {
      guard let known = line(new.line) else { return reason("lines[\(index)].line", "a known number", "\(new.line)") }
      if known.sku != new.sku { return reason("lines[\(index)].sku", known.sku.value, new.sku.value) }
      let quantity = known.placed ?? known.ordered
      if quantity != new.quantity { return reason("lines[\(index)].quantity", "\(quantity)", "\(new.quantity)") }
    }
    if allowsBackorder != (request.backorder == .allow) {
      return reason("backorder", allowsBackorder ? "allow" : "deny", request.backorder.rawValue)
    }
    if terms.policy != request.policy { return reason("policy", terms.policy.rawValue, request.policy.rawValue) }
    if priority != request.priority { return reason("priority", "\(priority)", "\(request.priority)") }
    if needBy != request.needBy {
      return reason("need_by", needBy?.rfc3339 ?? "absent", request.needBy?.rfc3339 ?? "absent")
    }
    if terms.expiresAt != request.expiresAt {
      return reason("expires_at", terms.expiresAt?.rfc3339 ?? "absent", request.expiresAt?.rfc3339 ?? "absent")
    }
    return termsContradiction(with: request).map { reason($0.field, $0.known, $0.new) }
  }

  /// The same of where it is served from and to.
  private func termsContradiction(with request: OrderCreated) -> (field: String, known: String, new: String)? {
    if terms.locationPolicy != request.locationPolicy {
      return (
        "location_policy", terms.locationPolicy?.rawValue ?? "absent", request.locationPolicy?.rawValue ?? "absent"
      )
    }
    // Where the order of an erased customer went is erased with them.
    guard !isErased else { return nil }
    switch (terms.destination, request.destination) {
    case (nil, nil): return nil
    case (let known?, let new?) where known.isSame(as: new): return nil
    case (let known, let new): return ("destination", known?.text ?? "absent", new?.text ?? "absent")
    }
  }
}
