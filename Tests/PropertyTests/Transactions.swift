import Contracts
import Messaging
import Postgres
import Stock

@testable import Allocation
@testable import Inventory
@testable import Stock

/// One batch of one worker over the world's rows.
protocol Transaction {
  var stock: WorkingSet { get }
  func decide(_ message: Message) -> Disposition
  func conclude() -> [OutgoingEvent]
  func commit(to world: World)
}

// MARK: The inventory-worker's

struct InventoryTransaction: Transaction {
  private let state = InventoryState()
  private let handler = InventoryHandler()
  private let now: Timestamp
  var stock: WorkingSet { state.stock }

  init(_ batch: [Message], in world: World) {
    now = world.now
    var new: [LocationID: LocationRegistered] = [:]
    for message in batch {
      if case .productRegistered(let product) = message.event { world.createAnchor(product.sku) }
      if case .locationRegistered(let location) = message.event {
        new[location.locationID] = new[location.locationID] ?? location
      }
    }
    for message in batch {
      for (sku, location) in message.event.places { world.createBalance(sku, location, new: new) }
      for sku in message.event.skus { stock.lend(world.items[sku]) }
    }
    state.products = world.records.products
    state.barcodes = world.records.barcodes
    state.locations = world.records.locations
    state.receipts = world.records.receipts
    state.moves = world.records.moves
    state.policyTimes = world.records.policyTimes
    stock.begin(at: now)
  }

  func decide(_ message: Message) -> Disposition { handler.decide(message, in: state, at: now) }
  func conclude() -> [OutgoingEvent] { handler.conclude(state, at: now) }

  /// What would be inserted is what stands in the tables afterwards, nothing else.
  func commit(to world: World) {
    stock.handBack(to: world)
    world.records.products = state.products
    world.records.barcodes = state.barcodes
    for location in state.new.locations { world.records.locations[location.locationID] = location }
    for receipt in state.new.receipts { world.records.receipts[receipt.said.receiptID] = receipt }
    for move in state.new.moves { world.records.moves[move.request.moveID] = move.request }
    world.records.policyTimes.merge(state.new.policies) { $1 }
  }
}

// MARK: The allocation-worker's

struct AllocationTransaction: Transaction {
  private let state = AllocationState()
  private let handler = AllocationHandler()
  private let now: Timestamp
  var stock: WorkingSet { state.stock }

  init(_ batch: [Message], in world: World) {
    now = world.now
    var fill: Set<SKU> = []
    for message in batch {
      if let order = message.event.order { lend(order, of: world) }
      for sku in message.event.skus { stock.lend(world.items[sku]) }
      if let sku = message.event.fill { fill.insert(sku) }
      if let id = message.event.shipment, let shipment = world.records.shipments[id] {
        state.shipments[id] = shipment
        lend(shipment.order, of: world)
      }
      if case .shipmentDispatched(let shipment) = message.event { lendPromises(shipment, of: world) }
    }
    state.statuses = world.records.statuses
    stock.begin(at: now)
    for sku in fill {
      // Who waits as a whole needs all that it waits for.
      for waiting in world.waiting(for: sku) where !waiting.isFillable { lend(waiting.order.id, of: world) }
    }
    for sku in fill.sorted() { rank(sku, in: world) }
  }

  /// An order with the anchors of its lines.
  private func lend(_ id: OrderID, of world: World) {
    guard let order = world.orders[id] else { return }
    stock.add(order)
    for line in order.lines { stock.lend(world.items[line.sku]) }
  }

  /// The orders whose promises may have to give way to what has left. Without the anchors of their other lines.
  private func lendPromises(_ shipment: ShipmentDispatched, of world: World) {
    let skus = Set(world.orders[shipment.orderID]?.lines.map(\.sku) ?? [])
    let locations = Set(shipment.lines.map(\.locationID))
    for order in world.orders.values where stock.order(order.id) == nil {
      let isThere = order.lines.contains { line in
        skus.contains(line.sku) && line.reservations.contains { $0.open > 0 && locations.contains($0.location) }
      }
      if isThere { stock.add(order) }
    }
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
  }
}

/// A line that waits.
struct WaitingLine {
  let order: Order
  let line: OrderLine
  /// Whether it may be filled in part.
  var isFillable: Bool { line.backorder?.isFillable ?? false }
}

extension World {
  /// The lines that wait for a SKU: priority, need by (none last), age, id.
  func waiting(for sku: SKU) -> [WaitingLine] {
    var found: [WaitingLine] = []
    for order in orders.values {
      for line in order.lines where line.sku == sku && line.backordered > 0 {
        found.append(WaitingLine(order: order, line: line))
      }
    }
    return found.sorted { one, other in
      if one.order.priority != other.order.priority { return one.order.priority > other.order.priority }
      let (need, othersNeed) = (one.order.needBy?.microseconds ?? .max, other.order.needBy?.microseconds ?? .max)
      if need != othersNeed { return need < othersNeed }
      let (age, othersAge) = (one.line.backorder?.createdAt ?? now, other.line.backorder?.createdAt ?? now)
      if age != othersAge { return age < othersAge }
      return (one.order.id.value, one.line.number) < (other.order.id.value, other.line.number)
    }
  }
}

// MARK: Rows that go into a transaction and come back

extension WorkingSet {
  func lend(_ item: StockItem?) {
    if let item, self.item(item.sku) == nil { add(item) }
  }

  /// Takes over what was decided; the marks of what has to be written are gone afterwards, as after loading.
  func handBack(to world: World) {
    for item in items.values {
      item.isChanged = false
      item.lastCause = nil
      for balance in item.balances {
        balance.isChanged = false
        balance.isRevised = false
      }
    }
    for order in orders.values {
      world.orders[order.id] = order
      order.isNew = false
      order.isChanged = false
      for line in order.lines { line.clearMarks() }
    }
  }
}

extension OrderLine {
  fileprivate func clearMarks() {
    isNew = false
    isChanged = false
    for reservation in reservations {
      reservation.isNew = false
      reservation.isChanged = false
    }
    backorder?.isNew = false
    backorder?.isChanged = false
  }
}

// MARK: What a message touches

extension Event {
  /// SKUs that it names.
  var skus: Set<SKU> {
    switch self {
    case .productRegistered(let product), .productChanged(let product): [product.sku]
    case .productDiscontinued(let product): [product.sku]
    case .stockPolicySet(let policy): [policy.sku]
    case .goodsReceived(let receipt): Set([receipt.sku].compactMap(\.self))
    case .stockMoveRequested(let move): [move.sku]
    case .orderCreated(let order): Set(order.lines.map(\.sku))
    default: fill.map { [$0] } ?? []
    }
  }

  /// Where it could put stock.
  var places: [(SKU, LocationID)] {
    switch self {
    case .stockPolicySet(let policy): policy.locationID.map { [(policy.sku, $0)] } ?? []
    case .goodsReceived(let receipt): receipt.sku.map { [($0, receipt.locationID)] } ?? []
    case .stockMoveRequested(let move): [(move.sku, move.fromLocationID), (move.sku, move.toLocationID)]
    default: []
    }
  }

  /// The order that it is about.
  var order: OrderID? {
    switch self {
    case .orderCreated(let order): order.orderID
    case .orderCancelled(let cancellation): cancellation.orderID
    case .shipmentDispatched(let shipment): shipment.orderID
    default: nil
    }
  }

  /// The shipment that it is about.
  var shipment: ShipmentID? {
    switch self {
    case .shipmentDispatched(let shipment): shipment.shipmentID
    case .shipmentStatus(let status): status.shipmentID
    case .shipmentStatusDue(let due): due.shipmentID
    default: nil
    }
  }

  /// The SKU whose backorders it may fill.
  var fill: SKU? {
    switch self {
    case .stockReceived(let received): received.sku
    case .stockMoved(let moved): moved.sku
    case .reservationReleased(let released): released.sku
    case .reservationBumped(let bumped): bumped.sku
    case .stockReturned(let returned): returned.sku
    case .backordersDue(let due): due.sku
    default: nil
    }
  }
}
