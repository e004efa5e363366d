import Contracts
import Messaging
import Stock

/// The rules of the inventory-worker. No I/O: they read and change the state that was loaded under locks.
struct InventoryDecisions {
  let state: InventoryState
  let message: Message
  let now: Timestamp

  var stock: WorkingSet { state.stock }
  var follow: FollowOn { FollowOn(of: message, by: .inventory, at: now) }

  func decide() -> Disposition {
    if let reason = message.event.transitLocation { return .notApplied(reason) }
    return switch message.event {
    case .productRegistered(let product): register(product)
    case .productChanged(let product): change(product)
    case .productDiscontinued(let product): discontinue(product)
    case .locationRegistered(let location): register(location)
    case .stockPolicySet(let policy): set(policy)
    case .goodsReceived(let receipt): receive(receipt)
    case .stockMoveRequested(let move): self.move(move)
    case .lotsDue(let due): expire(due)
    case .stockCounted(let count): self.count(count)
    case .stockAdjustmentRequested(let request): adjust(request)
    case .qualityHeld(let hold): self.hold(hold)
    case .qualityReleased(let release): self.release(release)
    case .transferDispatched(let transfer): dispatch(transfer)
    case .transferReceived(let arrival): receive(arrival)
    default:
      .notApplied(
        Reason(
          .foreignType, field: "type", value: message.envelope.type.rawValue,
          rule: "the inventory-worker does not consume this type")
      )
    }
  }

  // MARK: Locations

  private func register(_ location: LocationRegistered) -> Disposition {
    if let known = state.locations[location.locationID] {
      if let contradiction = known.contradiction(with: location) { return .notApplied(contradiction) }
      guard known.coordinates == nil, let coordinates = location.coordinates else {
        return .unchanged("the location is registered already")
      }
      place(location.locationID, at: coordinates)
      return .applied([])
    }
    state.locations[location.locationID] = location
    state.new.locations.append(location)
    return .applied([])
  }

  /// Says where a location is of which that was not known.
  private func place(_ location: LocationID, at coordinates: Coordinates) {
    state.locations[location]?.coordinates = coordinates
    if let index = state.new.locations.firstIndex(where: { $0.locationID == location }) {
      state.new.locations[index].coordinates = coordinates
    } else {
      state.new.coordinates[location] = coordinates
    }
  }

  // MARK: Policies

  private func set(_ policy: StockPolicySet) -> Disposition {
    guard let item = registeredItem(policy.sku) else { return .notApplied(unknownSKU(policy.sku)) }
    let place = InventoryState.PolicyPlace(of: policy)
    if let known = state.policyTimes[place], known >= message.envelope.time {
      guard known == message.envelope.time, let levels = levels(of: place, item),
        let contradiction = levels.contradiction(with: policy, at: known)
      else { return .unchanged("this policy or a newer one is in force") }
      return .notApplied(contradiction)
    }
    let band = AlertBand(reorderPoint: policy.reorderPoint, recoverPoint: policy.recoverPoint)
    let cause = cause(policy.sku.value)
    switch place.reach {
    case .location(let location):
      guard let balance = item.balance(at: location) else {
        return .notApplied(unknownLocation("location_id", location))
      }
      stock.setOwnPolicy(of: balance, safetyStock: policy.safetyStock, band: band, cause)
    case .everyLocation:
      for balance in item.balances where state.takesDefaultLevels(balance) {
        stock.setPolicy(of: balance, safetyStock: policy.safetyStock, band: band, cause)
      }
      state.new.defaultLevels[policy.sku] = policy
      state.defaultLevels[policy.sku] = PolicyLevels(safetyStock: policy.safetyStock, band)
    case .overall:
      stock.setPolicy(of: item, safetyStock: policy.safetyStock, band: band, cause)
    }
    state.policyTimes[place] = message.envelope.time
    state.new.policies[place] = message.envelope.time
    return .applied([])
  }

  /// What the policy in force of a place says.
  private func levels(of place: InventoryState.PolicyPlace, _ item: StockItem) -> PolicyLevels? {
    switch place.reach {
    case .location(let location):
      item.balance(at: location).map { PolicyLevels(safetyStock: $0.safetyStock, $0.band) }
    case .everyLocation: state.defaultLevels[place.sku]
    case .overall: PolicyLevels(safetyStock: item.safetyStock, item.band)
    }
  }

  // MARK: Goods

  private func receive(_ receipt: GoodsReceived) -> Disposition {
    if let known = state.receipts[receipt.receiptID] {
      guard let contradiction = known.contradiction(with: receipt, owners: state.barcodes) else {
        return .unchanged("the receipt is booked already")
      }
      return .notApplied(contradiction)
    }
    do throws(Reason) {
      return .applied([try book(receipt)])
    } catch {
      return .notApplied(error)
    }
  }

  private func book(_ receipt: GoodsReceived) throws(Reason) -> OutgoingEvent {
    let sku = try product(of: receipt)
    guard let item = registeredItem(sku) else { throw unknownSKU(sku) }
    let balance = try destination(of: receipt, item)
    let quantity = try baseUnits(of: receipt, sku)
    guard balance.onHand <= WorkingSet.maximumOnHand - quantity else { throw tooMuch(receipt.quantity) }
    try declareLot(of: receipt, item)
    stock.receive(quantity, at: balance, cause(receipt.receiptID.value))
    let booked = BookedReceipt(said: receipt, sku: sku, quantity: quantity)
    state.receipts[receipt.receiptID] = booked
    state.new.receipts.append(booked)
    let place = item.balance(at: receipt.locationID) ?? balance
    let received = StockReceived(
      receiptID: receipt.receiptID, sku: sku, locationID: receipt.locationID, quantity: quantity,
      onHand: place.levelOnHand, available: place.level, lot: receipt.lot, expiresAt: balance.expiresAt,
      reference: receipt.reference)
    return follow.event(
      .stockReceived(received), sku: sku, sequence: item.nextSequence(), correlation: receipt.receiptID.value)
  }

  private func move(_ move: StockMoveRequested) -> Disposition {
    if let known = state.moves[move.moveID] {
      guard let contradiction = known.contradiction(with: move) else {
        return .unchanged("the move is answered already")
      }
      return .notApplied(contradiction)
    }
    guard let item = registeredItem(move.sku) else { return .notApplied(unknownSKU(move.sku)) }
    let lot = move.lot?.value ?? ""
    guard let from = item.balance(at: move.fromLocationID, lot: lot) else {
      return .notApplied(unknownLocation("from_location_id", move.fromLocationID))
    }
    guard let to = item.balance(at: move.toLocationID, lot: lot) else {
      return .notApplied(unknownLocation("to_location_id", move.toLocationID))
    }
    guard to.onHand <= WorkingSet.maximumOnHand - move.quantity else { return .notApplied(tooMuch(move.quantity)) }
    state.moves[move.moveID] = move
    guard from.available >= move.quantity else { return reject(move, item, from) }
    stock.move(move.quantity, from: from, to: to, cause(move.moveID.value))
    state.new.moves.append((move, nil))
    let moved = StockMoved(
      moveID: move.moveID, sku: move.sku, fromLocationID: move.fromLocationID, toLocationID: move.toLocationID,
      quantity: move.quantity, lot: move.lot, reference: move.reference)
    return .applied([
      follow.event(
        .stockMoved(moved), sku: move.sku, sequence: item.nextSequence(), correlation: move.moveID.value)
    ])
  }

  private func reject(_ move: StockMoveRequested, _ item: StockItem, _ from: Balance) -> Disposition {
    let reason = "insufficient_stock"
    let available = from.available
    state.new.moves.append((move, reason))
    let rejected = StockMoveRejected(
      moveID: move.moveID, sku: move.sku, fromLocationID: move.fromLocationID, toLocationID: move.toLocationID,
      quantity: move.quantity, lot: move.lot, reference: move.reference, reason: reason,
      detail: "\(available) available at \(move.fromLocationID)\(lotWords(from)), \(move.quantity) requested",
      available: available)
    return .applied([
      follow.event(
        .stockMoveRejected(rejected), sku: move.sku, sequence: item.nextSequence(), correlation: move.moveID.value)
    ])
  }

  // MARK: Words

  func registeredItem(_ sku: SKU) -> StockItem? {
    guard let item = stock.item(sku), item.isRegistered else { return nil }
    return item
  }

  func unknownSKU(_ sku: SKU) -> Reason {
    Reason(.unknownSKU, field: "data.sku", value: sku.value, rule: "must be registered by product.registered")
  }

  func unknownLocation(_ field: String, _ location: LocationID) -> Reason {
    Reason(
      .unknownLocation, field: "data.\(field)", value: location.value, rule: "must be registered by location.registered"
    )
  }

  func tooMuch(_ quantity: Int64) -> Reason {
    Reason(
      .tooMuchStock, field: "data.quantity", value: "\(quantity)",
      rule: "must not raise a location's stock above \(WorkingSet.maximumOnHand)")
  }

  func cause(_ reference: String, at time: Timestamp? = nil) -> Cause {
    Cause(
      consumer: WorkerManifest.inventory.consumer, source: message.envelope.source, messageID: message.envelope.id,
      reference: reference, occurredAt: time ?? message.envelope.time, traceparent: message.envelope.traceparent)
  }
}
