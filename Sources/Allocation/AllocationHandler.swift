import Contracts
import Messaging
import Postgres
import Stock

/// The allocation-worker's part of the pipeline.
public struct AllocationHandler: Handler {
  /// Who this worker is on the broker.
  public let manifest = WorkerManifest.allocation

  private let locationPolicy: LocationPolicyName

  /// A handler; it keeps nothing between batches.
  ///
  /// - Parameter locationPolicy: The location policy of orders that ask for none.
  public init(locationPolicy: LocationPolicyName = .mostStock) { self.locationPolicy = locationPolicy }

  /// Finds out which rows the batch touches. What a cancellation or shipment touches is known only to its order's
  /// lines: they are read without locks, and ``locked(_:at:on:)`` checks that nothing was missed.
  public func prepare(_ messages: [Message], approach: Approach, on database: Connection) throws -> AllocationState {
    let state = AllocationState(locationPolicy: locationPolicy)
    state.keys.skus.reserveCapacity(messages.count)
    state.stock.expect(orders: messages.count)
    for message in messages {
      switch message.event {
      case .orderCreated(let order):
        for line in order.lines { state.keys.skus.insert(line.sku) }
        if order.destination != nil, state.needsPlaces(OrderTerms(of: order)) { state.needsPlaces = true }
        if approach == .careful { state.keys.orders.insert(order.orderID) }
      case .orderCancelled(let cancellation):
        state.openedOrders.insert(cancellation.orderID)
        state.requestedCancellations += [cancellation].filter { $0.cancellationID != nil }
      case .orderConfirmed(let confirmation): state.openedOrders.insert(confirmation.orderID)
      case .orderAmended(let amendment):
        state.openedOrders.insert(amendment.orderID)
        for line in amendment.lines { state.keys.skus.insert(line.sku) }
      case .holdDue(let due): state.openedOrders.insert(due.orderID)
      case .shipmentDispatched(let shipment):
        state.openedOrders.insert(shipment.orderID)
        state.requestedShipments.insert(shipment.shipmentID)
        state.dispatched.append(shipment)
      case .shipmentStatus(let status):
        state.spokenOf.insert(status.shipmentID)
        state.requestedStatuses.append(status)
      case .shipmentStatusDue(let due): state.spokenOf.insert(due.shipmentID)
      case .returnReceived(let request): state.expect(request)
      case .stockReturned(let returned):
        if returned.disposition == .stock { state.fillSKUs.insert(returned.sku) }
      case .shipmentPlanFailed(let failure):
        state.openedOrders.insert(failure.orderID)
        state.plans.requested.insert(failure.planID)
      case .stockReceived(let received): state.fillSKUs.insert(received.sku)
      case .stockMoved(let moved): state.fillSKUs.insert(moved.sku)
      case .reservationReleased(let released): state.fillSKUs.insert(released.sku)
      case .reservationExpired(let expired): state.fillSKUs.insert(expired.sku)
      case .reservationBumped(let bumped): state.fillSKUs.insert(bumped.sku)
      case .stockAdjusted(let adjusted): state.fillSKUs.insert(adjusted.sku)
      case .stockTransferred(let transferred): state.fillSKUs.insert(transferred.sku)
      case .backordersDue(let due):
        state.fillSKUs.insert(due.sku)
        if let order = due.orderID { state.blockedOrders.insert(order) }
      default: break
      }
    }
    state.blockedOrders.formUnion(try WorkingSet.blockedOrders(of: state.fillSKUs, on: database))
    state.openedOrders.formUnion(state.blockedOrders)
    if !state.dispatched.isEmpty {
      state.reserving = Reserving(messages, filling: state.fillSKUs, blocked: state.blockedOrders)
    }
    state.requestedShipments.formUnion(state.spokenOf)
    state.openedOrders.formUnion(try state.ordersOfShipments(on: database))
    state.keys.orders.formUnion(state.openedOrders)
    state.keys.skus.formUnion(state.fillSKUs)
    state.keys.skus.formUnion(try WorkingSet.skus(of: state.openedOrders, on: database))
    try state.expectPlacesOfReturns(on: database)
    return state
  }

  /// Queues the locks of anchors, balances and orders, then the look-up of shipments and cancellations.
  public func sendLocks(_ state: AllocationState, on database: Connection) throws {
    try state.stock.sendLocks(state.keys, on: database)
    try state.sendShipmentLookup(on: database)
    try state.sendReturnLookup(on: database)
    try state.sendPlanLookup(on: database)
    try state.sendCancellationLookup(on: database)
  }

  /// Reads what was locked and looked up.
  public func receiveLocks(_ state: AllocationState, on database: Connection) throws {
    try state.stock.receiveLocks(state.keys, on: database)
    try state.receiveShipmentLookup(on: database)
    try state.receiveReturnLookup(on: database)
    try state.receivePlanLookup(on: database)
    try state.receiveCancellationLookup(on: database)
  }

  /// Checks that nothing was missed; where stock may have come, loads and locks the orders that wait for it.
  public func locked(_ state: AllocationState, at now: Timestamp, on database: Connection) throws {
    state.stock.begin(at: now)
    try requireAllLocked(state)
    try state.loadLots(on: database)
    try state.loadExpired(on: database)
    state.waiting = try state.stock.loadRanked(
      state.fillSKUs.sorted(), blocked: state.blockedOrders, on: database)
    try state.loadPlaces(on: database)
    if !state.dispatched.isEmpty { try state.stock.loadBumpable(state.bumpDemands(), on: database) }
  }

  /// An order or a shipment may have been created between the unlocked look and the lock: then its SKUs are not locked.
  /// One that was asked for and has no anchor is a product that nobody has registered: no other look finds more.
  private func requireAllLocked(_ state: AllocationState) throws {
    for id in state.spokenOf {
      guard let shipment = state.shipments[id], !state.openedOrders.contains(shipment.order) else { continue }
      throw NeedsMoreRows("order \(shipment.order) of shipment \(id)")
    }
    for id in state.openedOrders {
      guard let order = state.stock.order(id) else { continue }
      for line in order.lines where !state.keys.skus.contains(line.sku) {
        throw NeedsMoreRows("SKU \(line.sku) of order \(id)")
      }
    }
    try state.requireLotsOfReturnsLocked()
  }

  /// Decides about one message.
  public func decide(_ message: Message, in state: AllocationState, at now: Timestamp) -> Disposition {
    AllocationDecisions(state: state, message: message, now: now).decide()
  }

  /// Evaluates stock levels once.
  public func conclude(_ state: AllocationState, at now: Timestamp) -> [OutgoingEvent] {
    state.stock.alertEvents(source: manifest.source)
  }

  /// Queues stock and orders, then shipments and cancellations.
  public func write(_ state: AllocationState, to writes: inout WriteSet) throws {
    try state.stock.send(to: &writes)
    try state.sendShipments(to: &writes)
    try state.sendReturns(to: &writes)
    try state.sendPlans(to: &writes)
    try state.sendCancellations(to: &writes)
  }
}
