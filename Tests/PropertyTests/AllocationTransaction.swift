import Contracts
import Messaging

@testable import Allocation
@testable import Stock

/// A batch of the allocation-worker.
struct AllocationTransaction: Transaction {
  private let state = AllocationState()
  private let handler = AllocationHandler()
  private let now: Timestamp
  var stock: WorkingSet { state.stock }

  init(_ batch: [Message], in world: World) {
    now = world.now
    var fill: Set<SKU> = []
    for message in batch {
      let event = message.event
      if let order = event.order { lend(order, of: world) }
      for sku in event.skus() { stock.lend(world.items[sku]) }
      if let sku = event.fill { fill.insert(sku) }
      if let id = event.shipment, let shipment = world.records.shipments[id] {
        state.shipments[id] = shipment
        lend(shipment.order, of: world)
        if case .shipmentStatus(let status) = event, status.status == .failed { world.nameLots(of: shipment) }
      }
      if case .shipmentDispatched(let shipment) = event { state.dispatched.append(shipment) }
    }
    for case .returnReceived(let request) in batch.map(\.event) { createPlaces(of: request, in: world) }
    state.statuses = world.records.statuses
    state.returns = world.records.returns
    state.plans.known = world.records.plans
    state.expired = world.records.expired
    state.cancellations = world.records.cancellations
    state.coordinates = world.records.locations.compactMapValues(\.coordinates)
    stock.begin(at: now)
    stock.arrangeLots()
    lendWaiting(for: fill, of: world)
    for demand in state.bumpDemands() where demand.quantity > 0 { stock.lendBumpable(demand, of: world) }
  }

  /// An order with the anchors of its lines.
  private func lend(_ id: OrderID, of world: World) {
    guard let order = world.orders[id] else { return }
    stock.add(order)
    for line in order.lines { stock.lend(world.items[line.sku]) }
  }

  /// What comes back may come to where it never was, as any lot that has left of its order.
  private func createPlaces(of request: ReturnReceived, in world: World) {
    for line in request.lines {
      for sku in line.sku.map({ [$0] }) ?? stock.items.keys.sorted() {
        world.createBalance(WorkingSet.Place(sku, line.locationID, lot: line.lot))
      }
    }
    let order = request.orderID ?? request.shipmentID.flatMap { world.records.shipments[$0]?.order }
    for shipment in world.records.shipments.values.sorted(by: { $0.id < $1.id }) where shipment.order == order {
      state.shipments[shipment.id] = shipment
      for part in shipment.parts where !part.lot.isEmpty {
        guard let sku = world.orders[shipment.order]?.line(part.line)?.sku else { continue }
        for line in request.lines {
          world.createBalance(WorkingSet.Place(sku, line.locationID, lot: LotID(trusted: part.lot)))
        }
      }
    }
  }

  private func lendWaiting(for fill: Set<SKU>, of world: World) {
    for sku in fill {
      // Who waits as a whole needs all that it waits for.
      for waiting in world.waiting(for: sku) where !waiting.isFillable { lend(waiting.order.id, of: world) }
    }
    stock.arrangeLots()
    for sku in fill.sorted() { rank(sku, in: world) }
  }

  /// Those who wait for a SKU, best rank first: of what may be filled in part as far as what is free reaches.
  private func rank(_ sku: SKU, in world: World) {
    guard let item = stock.item(sku), item.free > 0 else { return }
    var left = item.free
    for waiting in world.waiting(for: sku) where left > 0 || !waiting.isFillable {
      state.waiting[sku, default: []].append(
        WorkingSet.Waiting(sku: sku, order: waiting.order.id, line: waiting.line.number))
      if waiting.isFillable { left -= waiting.line.backordered }
      // Only the order: the anchors of its other lines are not locked.
      if stock.order(waiting.order.id) == nil { stock.add(waiting.order) }
    }
  }

  func decide(_ message: Message) -> Disposition { handler.decide(message, in: state, at: now) }
  func conclude() -> [OutgoingEvent] { handler.conclude(state, at: now) }

  func commit(to world: World) {
    stock.handBack(to: world)
    for shipment in state.shipments.values {
      world.records.shipments[shipment.id] = shipment
      shipment.isChanged = false
    }
    for heard in state.heard { world.records.statuses[AllocationState.StatusKey(heard.status)] = heard.status }
    for record in state.returns.new {
      world.records.returns.known[record.id] = record
      for part in record.parts {
        guard let order = record.order, let line = part.line else { continue }
        world.records.returns.count(part.quantity, of: line, order, with: record.shipment)
      }
    }
    world.records.expired = state.expired
    for plan in state.plans.new { world.records.plans[plan.planID] = plan }
    for key in state.newCancellations { world.records.cancellations[key] = state.cancellations[key] }
  }
}

/// A line that waits.
struct WaitingLine {
  let order: Order
  let line: OrderLine
  /// Whether it may be filled in part.
  var isFillable: Bool { line.backorder?.isFillable ?? false }

  /// By priority, need by (none last), age, id.
  func goesBefore(_ other: WaitingLine, at now: Timestamp) -> Bool {
    if order.priority != other.order.priority { return order.priority > other.order.priority }
    let (need, othersNeed) = (order.needBy?.microseconds ?? .max, other.order.needBy?.microseconds ?? .max)
    if need != othersNeed { return need < othersNeed }
    let (age, othersAge) = (line.backorder?.createdAt ?? now, other.line.backorder?.createdAt ?? now)
    if age != othersAge { return age < othersAge }
    return (order.id.value, line.number) < (other.order.id.value, other.line.number)
  }
}

extension World {
  /// The lines that wait for a SKU, best rank first.
  func waiting(for sku: SKU) -> [WaitingLine] {
    var found: [WaitingLine] = []
    for order in orders.values {
      for line in order.lines where line.sku == sku && line.backordered > 0 {
        found.append(WaitingLine(order: order, line: line))
      }
    }
    return found.sorted { $0.goesBefore($1, at: now) }
  }
}

// MARK: What a message touches

extension Event {
  /// The order that it is about.
  var order: OrderID? {
    switch self {
    case .orderCreated(let order): order.orderID
    case .orderCancelled(let cancellation): cancellation.orderID
    case .orderConfirmed(let confirmation): confirmation.orderID
    case .orderAmended(let amendment): amendment.orderID
    case .holdDue(let due): due.orderID
    case .shipmentDispatched(let shipment): shipment.orderID
    case .shipmentPlanFailed(let failure): failure.orderID
    case .returnReceived(let request): request.orderID
    default: nil
    }
  }

  /// The shipment that it is about.
  var shipment: ShipmentID? {
    switch self {
    case .shipmentDispatched(let shipment): shipment.shipmentID
    case .shipmentStatus(let status): status.shipmentID
    case .shipmentStatusDue(let due): due.shipmentID
    case .returnReceived(let request): request.shipmentID
    default: nil
    }
  }

  /// The SKU whose backorders it may fill.
  var fill: SKU? {
    switch self {
    case .stockReceived(let received): received.sku
    case .stockMoved(let moved): moved.sku
    case .stockAdjusted(let adjusted): adjusted.sku
    case .stockTransferred(let transferred): transferred.sku
    case .reservationReleased(let released): released.sku
    case .reservationExpired(let expired): expired.sku
    case .reservationBumped(let bumped): bumped.sku
    case .stockReturned(let returned): returned.disposition == .stock ? returned.sku : nil
    case .backordersDue(let due): due.sku
    default: nil
    }
  }
}
