import Contracts
import Messaging
import Postgres

@testable import Inventory
@testable import Stock

/// A batch of the inventory-worker.
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
      if case .productRegistered(let product) = message.event { world.nameLots(of: product.sku) }
      if case .locationRegistered(let location) = message.event {
        new[location.locationID] = new[location.locationID] ?? location
      }
    }
    var owners = world.records.barcodes.mapValues { Set([$0]) }
    for case .productRegistered(let product) in batch.map(\.event) { owners.add(product) }
    for case .productChanged(let product) in batch.map(\.event) { owners.add(product) }
    new[.inTransit] = LocationRegistered(locationID: .inTransit, name: "In transit", sellable: false)
    state.transfers.known = world.records.transfers.known
    state.transfers.knownArrivals = world.records.transfers.knownArrivals
    for message in batch {
      let event = message.event
      for place in state.transfers.prepare(event) {
        world.createBalance(place, new: new)
        stock.lend(world.items[place.sku])
      }
      if let transfer = event.arrivingTransfer.flatMap({ state.transfers.known[$0] }) {
        for line in transfer.lines {
          stock.lend(world.items[line.paper.sku])
          for location in [.inTransit, transfer.paper.toLocationID] {
            world.createBalance(transfer.paper.place(line.paper, at: location))
          }
        }
      }
      for place in event.places(owners) { world.createBalance(place, new: new) }
      for sku in event.skus(owners) { stock.lend(world.items[sku]) }
      state.papers.prepare(event)
    }
    lendRecords(of: world)
    stock.begin(at: now)
    stock.arrangeLots()
    lendPapers(of: world, batch.map(\.event))
  }

  private func lendRecords(of world: World) {
    state.products = world.records.products
    state.barcodes = world.records.barcodes
    state.locations = world.records.locations
    state.receipts = world.records.receipts
    state.moves = world.records.moves
    state.policyTimes = world.records.policyTimes
    state.defaultLevels = world.records.defaultLevels.mapValues {
      let band = AlertBand(reorderPoint: $0.reorderPoint, recoverPoint: $0.recoverPoint)
      return PolicyLevels(safetyStock: $0.safetyStock, band)
    }
  }

  /// What counts have to know, and the promises that may have to be bumped: no more than the worker would load.
  private func lendPapers(of world: World, _ batch: [Event]) {
    let known = world.records.papers
    state.papers.counts.known = known.counts.known
    state.papers.adjustments.known = known.adjustments.known
    state.papers.holds.known = known.holds.known
    state.papers.releases.known = known.releases.known
    state.papers.newestCounts = known.newestCounts
    state.papers.held = known.held
    state.papers.openHolds = known.openHolds
    var demand = PromiseDemand()
    for event in batch {
      switch event {
      case .stockCounted(let count): demand.add(count)
      case .stockAdjustmentRequested(let request): demand.add(request)
      case .qualityHeld(let hold): demand.take(hold.quantity, from: hold.place)
      case .transferDispatched(let transfer):
        for line in transfer.lines {
          demand.take(line.quantity, from: transfer.place(line, at: transfer.fromLocationID))
        }
      case .stockMoveRequested(let move):
        demand.leave(move.quantity, from: WorkingSet.Place(move.sku, move.fromLocationID, lot: move.lot))
      default: break
      }
    }
    for (balance, since) in demand.moments(in: stock) {
      let moment = WorkingSet.Moment(balanceID: balance.id, since: since)
      stock.movements[moment] = world.books.movement(at: balance.id, since: since)
    }
    for bump in demand.bumps(in: stock) { stock.lendBumpable(bump, of: world) }
  }

  func decide(_ message: Message) -> Disposition { handler.decide(message, in: state, at: now) }
  func conclude() -> [OutgoingEvent] { handler.conclude(state, at: now) }

  /// What would be inserted is what stands in the tables afterwards, nothing else.
  func commit(to world: World) {
    stock.handBack(to: world)
    world.records.products = state.products
    world.records.barcodes = state.barcodes
    for location in state.new.locations { world.records.locations[location.locationID] = location }
    for (location, place) in state.new.coordinates { world.records.locations[location]?.coordinates = place }
    for receipt in state.new.receipts { world.records.receipts[receipt.said.receiptID] = receipt }
    for move in state.new.moves { world.records.moves[move.request.moveID] = move.request }
    world.records.policyTimes.merge(state.new.policies) { $1 }
    world.records.defaultLevels.merge(state.new.defaultLevels) { $1 }
    commitPapers(to: &world.records.papers)
    for id in state.transfers.changed.union(state.transfers.new) {
      world.records.transfers.known[id] = state.transfers.known[id]
    }
    for arrival in state.transfers.newArrivals {
      world.records.transfers.knownArrivals[arrival.paper.arrivalID] = arrival.paper
    }
  }

  private func commitPapers(to records: inout Papers) {
    let papers = state.papers
    for count in papers.counts.new {
      records.counts.known[count.paper.countID] = count.paper
      guard let counted = count.paper.counted, !count.isSuperseded else { continue }
      records.newestCounts[count.paper.place] = LastCount(
        id: count.paper.countID, counted: counted, time: count.paper.countedAt)
    }
    for adjustment in papers.adjustments.new {
      records.adjustments.known[adjustment.paper.adjustmentID] = adjustment.paper
    }
    for hold in papers.holds.new { records.holds.known[hold.paper.holdID] = papers.holds.known[hold.paper.holdID] }
    for id in papers.changedHolds { records.holds.known[id] = papers.holds.known[id] }
    for release in papers.releases.new { records.releases.known[release.paper.releaseID] = release.paper }
    records.openHolds = papers.openHolds
    records.held = [:]
    for hold in records.holds.known.values where hold.open > 0 {
      records.held[hold.paper.place, default: 0] += hold.open
    }
  }
}

// MARK: What a message touches

/// Whose a barcode may be.
typealias Owners = [String: Set<SKU>]

extension Owners {
  /// Barcodes that a message of the batch gives to a product.
  fileprivate mutating func add(_ product: ProductContent) {
    for barcode in product.barcodes { self[barcode.gtin, default: []].insert(product.sku) }
  }
}

extension Event {
  /// SKUs that it names, by themselves or by a barcode.
  func skus(_ owners: Owners = [:]) -> Set<SKU> {
    switch self {
    case .productRegistered(let product), .productChanged(let product): [product.sku]
    case .productDiscontinued(let product): [product.sku]
    case .stockPolicySet(let policy): [policy.sku]
    case .goodsReceived(let receipt):
      Set([receipt.sku].compactMap(\.self)).union(receipt.barcode.flatMap { owners[$0.gtin] } ?? [])
    case .stockMoveRequested(let move): [move.sku]
    case .stockCounted(let count): [count.sku]
    case .stockAdjustmentRequested(let request): [request.sku]
    case .qualityHeld(let hold): [hold.sku]
    case .qualityReleased(let release): [release.sku]
    case .lotsDue(let due): [due.sku]
    case .transferDispatched(let transfer): Set(transfer.lines.map(\.sku))
    case .orderCreated(let order): Set(order.lines.map(\.sku))
    case .orderAmended(let amendment): Set(amendment.lines.map(\.sku))
    case .returnReceived(let request): Set(request.lines.compactMap(\.sku))
    default: fill.map { [$0] } ?? []
    }
  }

  /// The transfer of which something arrives.
  var arrivingTransfer: TransferID? {
    if case .transferReceived(let arrival) = self { arrival.transferID } else { nil }
  }

  /// Where it could put stock.
  func places(_ owners: Owners) -> [WorkingSet.Place] {
    switch self {
    case .stockPolicySet(let policy): policy.locationID.map { [.init(policy.sku, $0)] } ?? []
    case .goodsReceived(let receipt): skus(owners).map { .init($0, receipt.locationID, lot: receipt.lot) }
    case .stockMoveRequested(let move):
      [.init(move.sku, move.fromLocationID, lot: move.lot), .init(move.sku, move.toLocationID, lot: move.lot)]
    case .stockCounted(let count): [count.place]
    case .stockAdjustmentRequested(let request): [request.place]
    case .qualityHeld(let hold): [hold.place]
    case .qualityReleased(let release): [release.place]
    default: []
    }
  }
}
