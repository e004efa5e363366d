import Contracts
import Messaging
import Postgres
import Stock

// shipment.plan.failed: what is reserved at a location cannot be shipped from there.

/// Shipment plans that failed: the records that their ids are checked against.
struct FailedPlans {
  var requested: Set<PlanID> = []
  /// Failures booked before, here or in this batch.
  var known: [PlanID: ShipmentPlanFailed] = [:]
  var new: [ShipmentPlanFailed] = []
}

extension AllocationDecisions {
  func planFailed(_ failure: ShipmentPlanFailed) -> Disposition {
    if let known = state.plans.known[failure.planID] {
      let isErased = stock.order(known.orderID)?.isErased ?? false
      guard let contradiction = known.contradiction(with: failure, isErased: isErased) else {
        return .unchanged("the failed plan is answered already")
      }
      return .notApplied(contradiction)
    }
    guard let order = stock.order(failure.orderID), !order.isTombstone else {
      return .notApplied(unknownOrder(failure.orderID))
    }
    if let obstacle = obstacle(to: failure, order) { return .notApplied(obstacle) }
    state.plans.known[failure.planID] = failure
    state.plans.new.append(failure)
    return .applied(answer(failure, order))
  }

  private func obstacle(to failure: ShipmentPlanFailed, _ order: Order) -> Reason? {
    var failing: [String: Int64] = [:]
    for (index, part) in failure.lines.enumerated() {
      let path = "data.lines[\(index)]"
      guard let line = order.line(part.line) else {
        return Reason(
          .unknownLine, field: "\(path).line", value: "\(part.line)", rule: "must be a line of order \(order.id)")
      }
      failing["\(part.line)@\(part.locationID)", default: 0] += part.quantity
      let reserved = line.openReserved(at: part.locationID)
      if failing["\(part.line)@\(part.locationID)", default: 0] > reserved {
        return Reason(
          .notReserved, field: "\(path).quantity", value: "\(part.quantity)",
          rule: "must not exceed the \(reserved) units reserved for the line at \(part.locationID)")
      }
    }
    return nil
  }

  private func answer(_ failure: ShipmentPlanFailed, _ order: Order) -> [OutgoingEvent] {
    let before = order.state
    let wasOpen = order.isOpen
    let held = held(failure, order)
    var given = giveBack(failure, order)
    var lines: [ShipmentReplanned.Line] = []
    var waiting: [OrderLine] = []
    for part in failure.lines {
      guard let line = order.line(part.line) else { continue }
      let waited = line.backordered > 0
      let planned = serve(part.quantity, of: line, order, failure.action, with: &given[line.sku])
      if planned.backordered > 0, !waited { waiting.append(line) }
      lines.append(
        ShipmentReplanned.Line(
          line: line.number, sku: line.sku, locationID: part.locationID, quantity: part.quantity,
          reserved: planned.reserved, backordered: planned.backordered, cancelled: planned.cancelled))
    }
    stock.refresh(order)
    var events = held.compactMap { place in freed(place, order) }
    let replanned = ShipmentReplanned(
      planID: failure.planID, orderID: order.id, customerID: order.owner, action: failure.action, lines: lines)
    events.append(follow.event(.shipmentReplanned(replanned), order: order.id, sequence: order.nextSequence()))
    events += backordersCreated(waiting, of: order)
    // What is on the road may come back, and is served again then: nobody has cancelled it.
    if wasOpen, !order.isOpen, !order.isOnTheRoad {
      events.append(close(order, because: failure.reason ?? "its shipment was refused"))
    }
    return events + fulfilment(of: order, since: before)
  }

  /// Units of a line that are reserved at a location.
  private struct Held {
    let line: OrderLine
    let location: LocationID
    let units: Int64
  }

  /// What is reserved where the plan has failed, each place once.
  private func held(_ failure: ShipmentPlanFailed, _ order: Order) -> [Held] {
    var held: [Held] = []
    for part in failure.lines
    where !held.contains(where: { $0.line.number == part.line && $0.location == part.locationID }) {
      guard let line = order.line(part.line) else { continue }
      held.append(Held(line: line, location: part.locationID, units: line.openReserved(at: part.locationID)))
    }
    return held
  }

  /// Tells what is free again, when all is planned: some of it may have been promised to the order once more.
  private func freed(_ place: Held, _ order: Order) -> OutgoingEvent? {
    let units = place.units - place.line.openReserved(at: place.location)
    return units > 0 ? released(units, of: place.line, order, at: place.location, because: "plan_failed") : nil
  }

  /// Takes back all units of the plan before any is planned anew: one location may have room for all of them then, and
  /// none of those that have just refused is asked before the others.
  private func giveBack(_ failure: ShipmentPlanFailed, _ order: Order) -> [SKU: GivenBack] {
    let cause = cause(order.id.value)
    var given: [SKU: GivenBack] = [:]
    for part in failure.lines {
      guard let line = order.line(part.line), let item = stock.item(line.sku) else { continue }
      var back = given[line.sku] ?? GivenBack(promisable: item.availableToPromise)
      let free = item.free
      var left = part.quantity
      for reservation in line.reservations where left > 0 && reservation.location == part.locationID {
        left -= stock.withdraw(left, from: reservation, of: line, cause)
      }
      back.promisable += item.free - free
      back.refused.insert(part.locationID)
      given[line.sku] = back
    }
    return given
  }

  /// Gives up units that were taken back, or plans them anew: from another location where one has them.
  private func serve(
    _ quantity: Int64, of line: OrderLine, _ order: Order, _ action: PlanAction, with given: inout GivenBack?
  ) -> Replanned {
    switch action {
    case .replan:
      let planned = replan(quantity, of: line, order, with: given)
      given?.promisable -= planned.reserved
      return planned
    case .release:
      stock.cancel(quantity, of: line)
      stock.record(.cancelled, quantity, of: line, order, by: .requested, seeing: nil, cause(order.id.value))
      return Replanned(cancelled: quantity)
    }
  }

  /// Closes an order of which nothing is left, and tells so.
  func close(_ order: Order, because reason: String) -> OutgoingEvent {
    stock.close(order, as: order.state, reason: reason)
    let closed = OrderClosedCancelled(orderID: order.id, customerID: order.customer, reason: reason)
    return follow.event(.orderClosedCancelled(closed), order: order.id, sequence: order.nextSequence())
  }
}

extension Order {
  /// Whether anything of it is still to be shipped.
  fileprivate var isOpen: Bool { lines.contains { $0.reserved + $0.backordered > 0 } }
}

extension ShipmentPlanFailed {
  /// The first field in which a repetition differs. Of an erased customer's order the reason is not kept.
  fileprivate func contradiction(with new: ShipmentPlanFailed, isErased: Bool) -> Reason? {
    func reason(_ field: String, _ known: String?, _ value: String?) -> Reason {
      Reason(
        .contradiction, field: "data.\(field)", value: value ?? "absent",
        rule: "must stay \(known ?? "absent"): plan \(planID) was published with it before")
    }
    if orderID != new.orderID { return reason("order_id", orderID.value, new.orderID.value) }
    if action != new.action { return reason("action", action.rawValue, new.action.rawValue) }
    if self.reason != new.reason, !isErased { return reason("reason", self.reason, new.reason) }
    func words(_ lines: [Line]) -> [(what: String, quantity: Int64)] {
      lines.map { ("line \($0.line) at \($0.locationID)", $0.quantity) }
    }
    let difference = Repeated.difference(of: words(lines), and: words(new.lines))
    return difference.map { reason("lines", $0.known, $0.new) }
  }
}

// MARK: The record

enum PlanStatements {
  static let lookup = Statement(
    name: "plans",
    sql: """
      select p.plan_id, p.order_id, p.action, p.reason, l.line_no, l.location_id, l.quantity
      from shipment_plans_failed p join shipment_plan_lines l using (plan_id) where p.plan_id = any($1::text[])
      """)

  static let insert = Statement(
    name: "plans_insert",
    sql: """
      insert into shipment_plans_failed (plan_id, order_id, action, reason, recorded_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), $5
      """)

  static let insertLines = Statement(
    name: "plan_lines_insert",
    sql: """
      insert into shipment_plan_lines (plan_id, part_no, line_no, location_id, quantity)
      select unnest($1::text[]), unnest($2::int4[]), unnest($3::int4[]), unnest($4::text[]), unnest($5::int8[])
      """)
}

extension AllocationState {
  func sendPlanLookup(on database: Connection) throws {
    guard !plans.requested.isEmpty else { return }
    try database.send(PlanStatements.lookup, [.texts(plans.requested.map(\.value))])
  }

  func receivePlanLookup(on database: Connection) throws {
    guard !plans.requested.isEmpty else { return }
    let rows = try database.receive()
    for row in 0..<rows.count {
      let id = PlanID(trusted: rows.text(row, 0))
      let line = ShipmentPlanFailed.Line(
        line: rows.int4(row, 4), locationID: LocationID(trusted: rows.text(row, 5)), quantity: rows.int(row, 6))
      let plan = ShipmentPlanFailed(
        planID: id, orderID: OrderID(trusted: rows.text(row, 1)), lines: [],
        action: PlanAction(rawValue: rows.text(row, 2)) ?? .replan, reason: rows.optionalText(row, 3))
      plans.known[id, default: plan].lines.append(line)
    }
  }

  func sendPlans(to writes: inout WriteSet) throws {
    guard !plans.new.isEmpty else { return }
    let new = plans.new.sorted { $0.planID < $1.planID }
    try writes.send(
      PlanStatements.insert,
      [
        .texts(new) { $0.planID.value }, .texts(new) { $0.orderID.value }, .texts(new) { $0.action.rawValue },
        .texts(optional: new) { $0.reason }, .timestamp(stock.now.microseconds),
      ])
    let lines = new.flatMap { plan in
      plan.lines.enumerated().map { (id: plan.planID, number: Int32($0.offset + 1), line: $0.element) }
    }
    try writes.send(
      PlanStatements.insertLines,
      [
        .texts(lines) { $0.id.value }, .int4s(lines) { $0.number }, .int4s(lines) { $0.line.line },
        .texts(lines) { $0.line.locationID.value }, .ints(lines) { $0.line.quantity },
      ])
  }
}
