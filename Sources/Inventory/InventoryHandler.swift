import Contracts
import Messaging
import Postgres
import Stock

/// The inventory-worker's part of the pipeline.
public struct InventoryHandler: Handler {
  /// Who this worker is on the broker.
  public let manifest = WorkerManifest.inventory

  /// Nobody has registered it, and nobody may: it is there for transfers.
  private static let transit = LocationRegistered(locationID: .inTransit, name: "In transit", sellable: false)

  /// A handler; it keeps nothing between batches.
  public init() {}

  /// Finds out which rows the batch touches and creates anchors that are missing.
  public func prepare(_ messages: [Message], approach: Approach, on database: Connection) throws -> InventoryState {
    let state = InventoryState()
    var places: Set<WorkingSet.Place> = []
    var newAnchors: Set<SKU> = []
    let owners = try state.requestBarcodes(of: messages, on: database)
    for message in messages {
      switch message.event {
      case .productRegistered(let product):
        newAnchors.insert(product.sku)
        state.requestProduct(product.sku)
        state.requests.registered.insert(product.sku)
      case .productChanged(let product): state.requestProduct(product.sku)
      case .productDiscontinued(let product):
        state.requestProduct(product.sku)
        state.requests.discontinued.insert(product.sku)
      case .locationRegistered(let location):
        let first = state.keys.newLocations[location.locationID]
        state.keys.newLocations[location.locationID] = first ?? location
        state.requests.locations.insert(location.locationID)
      case .stockPolicySet(let policy):
        state.keys.skus.insert(policy.sku)
        state.requests.policies.insert(policy.sku)
        if let location = policy.locationID { places.insert(.init(policy.sku, location)) }
      case .goodsReceived(let receipt):
        for sku in receipt.skus(owners: owners) {
          state.keys.skus.insert(sku)
          places.insert(.init(sku, receipt.locationID, lot: receipt.lot))
          if receipt.unit != nil { state.requests.products.insert(sku) }
        }
        // A barcode may have changed hands since it was booked, a factor have grown: only a receipt that is known to be
        // booked is not judged by what they mean now.
        if approach == .careful || receipt.barcode != nil || receipt.unit != nil {
          state.requests.receipts.insert(receipt.receiptID)
        }
      case .lotsDue(let due): state.keys.skus.insert(due.sku)
      case .stockMoveRequested(let move):
        state.keys.skus.insert(move.sku)
        places.insert(.init(move.sku, move.fromLocationID, lot: move.lot))
        places.insert(.init(move.sku, move.toLocationID, lot: move.lot))
        if approach == .careful { state.requests.moves.insert(move.moveID) }
      default: break
      }
      state.papers.prepare(message.event)
      places.formUnion(state.transfers.prepare(message.event))
    }
    state.keys.newLocations[.inTransit] = InventoryHandler.transit
    places.formUnion(try state.transfers.placesOfArrivals(on: database))
    state.keys.places = places.union(state.papers.places)
    state.keys.skus.formUnion(state.keys.places.map(\.sku))
    try WorkingSet.createAnchors(newAnchors, on: database)
    return state
  }

  /// Queues the locks of anchors and balances, then the look-up of the records.
  public func sendLocks(_ state: InventoryState, on database: Connection) throws {
    try state.stock.sendLocks(state.keys, on: database)
    try state.sendLookups(on: database)
    try state.papers.sendLookups(on: database)
    try state.transfers.sendLookups(on: database)
  }

  /// Reads what was locked and looked up.
  public func receiveLocks(_ state: InventoryState, on database: Connection) throws {
    try state.stock.receiveLocks(state.keys, on: database)
    try state.receiveLookups(on: database)
    try state.papers.receiveLookups(on: database)
    try state.transfers.receiveLookups(on: database)
  }

  /// Starts the clock of the transaction; loads what a count has to know, and the promises that may have to be bumped.
  public func locked(_ state: InventoryState, at now: Timestamp, on database: Connection) throws {
    state.stock.begin(at: now)
    try state.stock.loadUsedUpLots(of: state.relisted, on: database)
    try state.stock.loadLots(on: database)
    try state.requireOwnersLocked()
    try state.transfers.requireAllLocked(in: state.stock)
    try state.papers.load(into: state.stock, on: database)
  }

  /// Decides about one message.
  public func decide(_ message: Message, in state: InventoryState, at now: Timestamp) -> Disposition {
    InventoryDecisions(state: state, message: message, now: now).decide()
  }

  /// Evaluates stock levels once.
  public func conclude(_ state: InventoryState, at now: Timestamp) -> [OutgoingEvent] {
    state.stock.alertEvents(source: manifest.source)
  }

  /// Queues stock first, then the records, each sorted by its key.
  public func write(_ state: InventoryState, to writes: inout WriteSet) throws {
    try state.stock.send(to: &writes)
    try state.sendRecords(to: &writes)
    try state.papers.send(to: &writes, at: state.stock.now)
    try state.transfers.send(to: &writes, at: state.stock.now)
  }
}
