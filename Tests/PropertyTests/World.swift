import Contracts
import Messaging
import Postgres

@testable import Allocation
@testable import Inventory
@testable import Stock

/// What two workers keep in their tables, in memory: the decisions of both run over it without a server.
///
/// Each batch gets a state of its own that holds only what the batch would lock and load, so that a decision which
/// reaches for more finds nothing here either. What it leaves is what the next batch finds.
final class World {
  /// Anchors and balances.
  var items: [SKU: StockItem] = [:]
  /// Orders with lines, reservations and backorders.
  var orders: [OrderID: Order] = [:]
  /// What business ids are checked against.
  var records = Records()
  /// Every event published so far.
  var published: [OutgoingEvent] = []
  /// How each message ended at each consumer, in the order in which they were settled.
  var endings: [Ending] = []
  /// Recomputed from the ledger and from the messages alone.
  var books = Books()
  /// The database's clock.
  private(set) var now = History.start
  /// A rule that a test breaks on purpose: called after a message took effect.
  var saboteur: ((World, Event) -> Void)?

  /// Every change of an order's state.
  private(set) var orderSteps: Set<OrderStep> = []
  /// Whether every batch is searched for changes that nobody would write.
  var watchesMarks = false

  /// Places that the batch at hand names.
  var named: Set<WorkingSet.Place> = []
  /// What is used up and was not named: no transaction loads it.
  private var resting: [SKU: [Balance]] = [:]

  private var balances = 0
  private var applied: Set<String> = []
  private var sweeps = 0

  struct Records {
    var products: [SKU: CatalogueEntry] = [:]
    var barcodes: [String: SKU] = [:]
    var locations: [LocationID: LocationRegistered] = [:]
    var receipts: [ReceiptID: BookedReceipt] = [:]
    var moves: [MoveID: StockMoveRequested] = [:]
    var policyTimes: [InventoryState.PolicyPlace: Timestamp] = [:]
    /// Of the places that have none of their own.
    var defaultLevels: [SKU: StockPolicySet] = [:]
    var papers = Papers()
    var transfers = TransferFile()
    var shipments: [ShipmentID: Shipment] = [:]
    var statuses: [AllocationState.StatusKey: ShipmentStatus] = [:]
    var returns = Returns()
    var plans: [PlanID: ShipmentPlanFailed] = [:]
    var expired: Set<OrderID> = []
    var cancellations: [CancellationKey: String] = [:]
  }

  /// A message's end.
  struct Ending {
    let message: Message
    let consumer: String
    let outcome: Outcome
    let reason: Reason?
  }

  // MARK: A batch

  /// Settles messages as one transaction of a worker.
  ///
  /// - Returns: The messages that have to be tried again, and the events that follow.
  func take(_ batch: [Message], by worker: Side) throws(Broken) -> (retried: [Message], follow: [OutgoingEvent]) {
    now = now + .seconds(1)
    named = []
    let transaction: any Transaction =
      switch worker {
      case .inventory: InventoryTransaction(batch, in: self)
      case .allocation: AllocationTransaction(batch, in: self)
      }
    hideUsedUpLots(of: transaction.stock)
    let before = watchesMarks ? Image(of: transaction.stock) : nil
    var witness = Witness(transaction.stock, of: orders, at: now)
    var retried: [Message] = []
    var follow: [OutgoingEvent] = []
    for message in batch {
      let key = "\(worker)|\(message.envelope.source)|\(message.envelope.id)"
      guard !applied.contains(key) else {
        endings.append(Ending(message: message, consumer: "\(worker)", outcome: .duplicate, reason: nil))
        continue
      }
      let states = transaction.stock.orders.mapValues(\.state)
      let said = follow.count
      let ending = settle(message, transaction.decide(message), by: worker, &follow)
      note(transaction.stock.orders.values, since: states)
      endings.append(ending)
      if ending.outcome == .applied { try witness.look(after: message, follow[said...], books) }
      if ending.outcome == .applied || ending.outcome == .unchanged { applied.insert(key) }
      if ending.outcome == .retried { retried.append(message) }
    }
    follow += transaction.conclude()
    try before?.requireMarks(in: transaction.stock)
    showUsedUpLots(of: transaction.stock)
    transaction.commit(to: self)
    try books.post(transaction.stock.ledger)
    published += follow
    return (retried, follow)
  }

  private func hideUsedUpLots(of stock: WorkingSet) {
    for item in stock.items.values {
      resting[item.sku] = item.balances.filter {
        !$0.lot.isEmpty && $0.onHand == 0
          && !named.contains(WorkingSet.Place($0.sku, $0.location, lot: LotID(trusted: $0.lot)))
      }
      let ids = Set(resting[item.sku, default: []].map(\.id))
      item.balances.removeAll { ids.contains($0.id) }
    }
    stock.arrangeLots()
  }

  private func showUsedUpLots(of stock: WorkingSet) {
    for item in stock.items.values {
      item.balances += resting[item.sku, default: []]
      item.balances.sort { ($0.location, $0.lot) < ($1.location, $1.lot) }
    }
  }

  private func settle(
    _ message: Message, _ disposition: Disposition, by worker: Side, _ follow: inout [OutgoingEvent]
  ) -> Ending {
    switch disposition {
    case .applied(let events):
      follow += events
      books.note(message.event, events)
      saboteur?(self, message.event)
      return Ending(message: message, consumer: "\(worker)", outcome: .applied, reason: nil)
    case .unchanged:
      return Ending(message: message, consumer: "\(worker)", outcome: .unchanged, reason: nil)
    case .notApplied(let reason):
      let outcome: Outcome = reason.kind.treatment == .retry ? .retried : .deadLettered
      return Ending(message: message, consumer: "\(worker)", outcome: outcome, reason: reason)
    }
  }

  private func note(_ orders: some Sequence<Order>, since states: [OrderID: OrderState]) {
    for order in orders where states[order.id] != order.state {
      orderSteps.insert(OrderStep(from: states[order.id], to: order.state))
    }
  }

  /// So long that every lot and every hold has ended, and every carrier has been silent for long.
  func passTime() { now = now + .seconds(30 * 86_400) }

  /// A sweeper's message.
  func swept(_ event: Event) -> Message {
    sweeps += 1
    return Message(Envelope(id: "swept-\(sweeps)", source: "urn:test:sweeper", type: event.type, time: now), event)
  }

  // MARK: Step 0 of a transaction

  func createAnchor(_ sku: SKU) {
    guard items[sku] == nil else { return }
    items[sku] = StockItem(StockItem.Row(tid: TID(block: 0, offset: 0), sku: sku, isRegistered: false))
  }

  /// What ran out of a product that is sold again is told of all the lots that it ever had.
  func nameLots(of sku: SKU) {
    for balance in items[sku]?.balances ?? [] {
      named.insert(WorkingSet.Place(sku, balance.location, lot: LotID(trusted: balance.lot)))
    }
  }

  /// A shipment that failed comes back as what it left as.
  func nameLots(of shipment: Shipment) {
    for part in shipment.parts {
      guard let sku = orders[shipment.order]?.line(part.line)?.sku else { continue }
      named.insert(WorkingSet.Place(sku, part.location, lot: LotID(trusted: part.lot)))
    }
  }

  /// Where a lot is, there is also a balance without one.
  func createBalance(_ place: WorkingSet.Place, new: [LocationID: LocationRegistered] = [:]) {
    named.insert(place)
    if !place.lot.isEmpty { createBalance(WorkingSet.Place(place.sku, place.location), new: new) }
    guard let item = items[place.sku], item.balance(at: place.location, lot: place.lot) == nil else { return }
    guard let location = records.locations[place.location] ?? new[place.location] else { return }
    balances += 1
    var row = Balance.Row(
      id: Int64(balances), tid: TID(block: 0, offset: 0), sku: place.sku, location: place.location, onHand: 0)
    row.lot = place.lot
    row.isSellable = location.sellable
    row.priority = location.priority
    if let levels = records.defaultLevels[place.sku], location.sellable, place.lot.isEmpty {
      row.safetyStock = levels.safetyStock
      row.band = AlertBand(reorderPoint: levels.reorderPoint, recoverPoint: levels.recoverPoint)
    }
    let balance = Balance(row, of: item)
    balance.isFresh = true
    item.balances.append(balance)
    item.balances.sort { ($0.location, $0.lot) < ($1.location, $1.lot) }
  }
}

/// A change of an order's state; from nil: it was not there.
struct OrderStep: Hashable {
  let from: OrderState?
  let to: OrderState
}

/// Which worker.
enum Side: String, CaseIterable, Sendable {
  case inventory
  case allocation

  var manifest: WorkerManifest {
    switch self {
    case .inventory: .inventory
    case .allocation: .allocation
    }
  }

  static func isConsumed(_ type: EventType) -> Bool { allCases.contains { $0.consumes(type) } }

  func consumes(_ type: EventType) -> Bool { manifest.consumes.contains(type) }
}
