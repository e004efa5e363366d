import Contracts

@testable import Inventory
@testable import Stock

/// The second set of books: sums of the ledger's entries, and what the messages that took effect brought and took.
/// Nothing here asks the code that decides.
struct Books {
  /// Sums of the entries, by balance.
  private(set) var sums: [Int64: [Bucket: Int64]] = [:]
  /// The last entry of each balance.
  private(set) var last: [Int64: (seq: Int64, time: Timestamp)] = [:]
  /// What came in less what left, by SKU.
  private(set) var total: [SKU: Int64] = [:]
  /// Of it: what was damaged, and what waits for a decision, but for what counts found missing.
  private(set) var damaged: [SKU: Int64] = [:]
  private(set) var held: [SKU: Int64] = [:]
  /// Damaged and held units that counts found missing, by balance.
  private(set) var missing: [Int64: [Bucket: Int64]] = [:]
  /// What was said about orders.
  private(set) var orders: [OrderID: OrderBooks] = [:]
  /// When places were counted absolutely, by the count's id.
  private(set) var counts: [CountID: (place: WorkingSet.Place, time: Timestamp)] = [:]
  /// Orders whose hold ended.
  private var expired: Set<OrderID> = []
  /// Orders whose hold ended when all of it was cancelled, until any of it leaves all the same.
  private var expiredEmpty: Set<OrderID> = []
  /// Units of shipments that came back, as far as returns named them or their carriers said so.
  private(set) var back: [ShipmentID: [Int32: Int64]] = [:]
  /// Units that arrived of each order.
  private(set) var arrived: [OrderID: Int64] = [:]
  /// Units of transfers on their way, by SKU.
  private(set) var onTheWay: [SKU: Int64] = [:]
  /// Units of a transfer's lines that will not arrive.
  private var lost: [String: Int64] = [:]
  private var transfers: [TransferID: TransferDispatched] = [:]
  /// Barcodes and units that were ever said of a product.
  private(set) var barcodes: [SKU: Set<String>] = [:]
  private(set) var units: [SKU: Set<ProductUnit>] = [:]

  /// What left, by shipment.
  private var left: [ShipmentID: ShipmentDispatched] = [:]
  /// Shipments that arrived or came back: the first word counts.
  private var ended: [ShipmentID: CarrierStatus] = [:]
  /// Changes on hand by their publishers' clocks.
  private var moved: [Int64: [(time: Timestamp, delta: Int64)]] = [:]

  /// What was said about an order.
  struct OrderBooks {
    /// The SKU of each line that there ever was.
    var skus: [Int32: SKU] = [:]
    /// How much is wanted of each line, as the newest amendment says.
    var ordered: [Int32: Int64] = [:]
    /// Units that cancellations named.
    var calledOff: [Int32: Int64] = [:]
    /// Lines of which nothing more is wanted.
    var closed: Set<Int32> = []
    /// Units of each line that came back undelivered.
    var cameBack: [Int32: Int64] = [:]
    /// Units of each line that a customer sent back.
    var returned: [Int32: Int64] = [:]
  }

  // MARK: The ledger

  /// Enters what a transaction wrote to the ledger.
  mutating func post(_ entries: [LedgerEntry]) throws(Broken) {
    var transfers: [ObjectIdentifier: Int64] = [:]
    for entry in entries {
      try post(entry)
      if entry.reason == .transferOut || entry.reason == .transferIn {
        transfers[ObjectIdentifier(entry.cause), default: 0] += entry.delta
      }
    }
    try require(transfers.values.allSatisfy { $0 == 0 }, "both legs of a move are booked together", "\(transfers)")
  }

  private mutating func post(_ entry: LedgerEntry) throws(Broken) {
    let before = last[entry.balanceID] ?? (0, entry.recordedAt)
    try require(entry.seq == before.seq + 1, "the ledger has no gap", "\(entry.seq) follows \(before.seq)")
    try require(entry.recordedAt >= before.time, "a balance's time never runs backwards", "\(entry)")
    last[entry.balanceID] = (entry.seq, entry.recordedAt)
    let sum = sums[entry.balanceID]?[entry.bucket, default: 0] ?? 0
    sums[entry.balanceID, default: [:]][entry.bucket] = sum + entry.delta
    try require(
      sum + entry.delta == entry.balanceAfter, "an entry carries the balance after it",
      "\(entry.bucket) \(sum) \(entry.delta) is not \(entry.balanceAfter)")
    try require(entry.delta != 0, "no entry about nothing", "\(entry.reason)")
    if entry.bucket == .onHand { moved[entry.balanceID, default: []].append((entry.cause.occurredAt, entry.delta)) }
    if entry.reason == .count, entry.bucket == .damaged || entry.bucket == .qualityControl {
      missing[entry.balanceID, default: [:]][entry.bucket, default: 0] -= entry.delta
    }
  }

  /// Units that came to a balance (negative: left it) after a moment, by their publishers' clocks.
  func movement(at balance: Int64, since: Timestamp) -> Int64 {
    moved[balance, default: []].reduce(0) { $1.time > since ? $0 + $1.delta : $0 }
  }

  // MARK: Messages

  /// Enters a message that took effect, and what was published because of it.
  mutating func note(_ event: Event, _ published: [OutgoingEvent]) {
    for event in published.map(\.event) { note(published: event) }
    switch event {
    case .productRegistered(let product), .productChanged(let product):
      barcodes[product.sku, default: []].formUnion(product.barcodes.map(\.gtin))
      units[product.sku, default: []].formUnion(product.units)
    case .stockCounted(let count):
      if count.counted != nil { counts[count.countID] = (count.place, count.countedAt) }
    case .stockAdjustmentRequested(let request): note(request)
    case .qualityHeld(let hold): held[hold.sku, default: 0] += hold.quantity
    case .qualityReleased(let release):
      held[release.sku, default: 0] -= release.quantity
      if release.to == .scrap { total[release.sku, default: 0] -= release.quantity }
    case .transferDispatched(let transfer):
      transfers[transfer.transferID] = transfer
      for line in transfer.lines { onTheWay[line.sku, default: 0] += line.quantity }
    case .transferReceived(let arrival):
      for part in arrival.lines {
        let line = transfers[arrival.transferID]?.lines.first { $0.line == part.line }
        if let sku = line?.sku { onTheWay[sku, default: 0] -= part.quantity }
      }
    case .orderCreated(let order):
      for line in order.lines {
        orders[order.orderID, default: .init()].skus[line.line] = line.sku
        orders[order.orderID, default: .init()].ordered[line.line] = line.quantity
      }
    case .orderAmended(let amendment): note(amendment)
    case .orderCancelled(let cancellation): note(cancellation)
    case .shipmentDispatched(let shipment):
      left[shipment.shipmentID] = shipment
      expiredEmpty.remove(shipment.orderID)
      for part in shipment.lines { add(-part.quantity, of: part.line, shipment.orderID) }
    case .shipmentStatus(let status): note(status)
    case .returnReceived(let request):
      for case .stockReturned(let returned) in published.map(\.event) {
        guard let shipment = request.shipmentID, let line = returned.line else { continue }
        back[shipment, default: [:]][line, default: 0] += returned.quantity
      }
    case .holdDue(let due):
      if published.contains(where: { $0.event.type == .orderClosedCancelled }) {
        expired.insert(due.orderID)
      } else if !left.values.contains(where: { $0.orderID == due.orderID }) {
        expiredEmpty.insert(due.orderID)
      }
    default: break
    }
  }

  /// Whether an order of which nothing is open ended with its hold.
  func hasExpired(_ order: OrderID) -> Bool { expired.contains(order) || expiredEmpty.contains(order) }

  /// Units of a line that left with a shipment.
  func left(_ shipment: ShipmentID, _ line: Int32) -> Int64 {
    (left[shipment]?.lines ?? []).reduce(0) { $1.line == line ? $0 + $1.quantity : $0 }
  }

  /// What only the answer says: a receipt may name a barcode and a unit, a count what it saw, a return a line.
  private mutating func note(published event: Event) {
    switch event {
    case .stockReceived(let received): total[received.sku, default: 0] += received.quantity
    case .stockAdjusted(let adjusted) where adjusted.kind == "counted":
      total[adjusted.sku, default: 0] += adjusted.difference
    case .stockTransferred(let transferred):
      let line = "\(transferred.transferID)/\(transferred.line)"
      let more = transferred.lost - lost[line, default: 0]
      lost[line] = transferred.lost
      total[transferred.sku, default: 0] -= more
      onTheWay[transferred.sku, default: 0] -= more
    case .stockReturned(let returned):
      if let order = returned.orderID, let line = returned.line {
        orders[order, default: .init()].returned[line, default: 0] += returned.quantity
      }
      if returned.disposition != .scrap { total[returned.sku, default: 0] += returned.quantity }
      if returned.disposition == .qualityControl { held[returned.sku, default: 0] += returned.quantity }
    default: break
    }
  }

  private mutating func note(_ request: StockAdjustmentRequested) {
    let quantity = request.quantity
    switch request.kind {
    case .damage: damaged[request.sku, default: 0] += quantity
    case .repair: damaged[request.sku, default: 0] -= quantity
    case .writeOff: total[request.sku, default: 0] -= quantity
    case .scrap:
      damaged[request.sku, default: 0] -= quantity
      total[request.sku, default: 0] -= quantity
    case .found: total[request.sku, default: 0] += quantity
    }
  }

  private mutating func note(_ amendment: OrderAmended) {
    orders[amendment.orderID, default: .init()].ordered = [:]
    for line in amendment.lines {
      orders[amendment.orderID, default: .init()].skus[line.line] = line.sku
      orders[amendment.orderID, default: .init()].ordered[line.line] = line.quantity
    }
  }

  private mutating func note(_ cancellation: OrderCancelled) {
    for line in cancellation.lines ?? [] {
      if let quantity = line.quantity {
        orders[cancellation.orderID, default: .init()].calledOff[line.line, default: 0] += quantity
      } else {
        orders[cancellation.orderID, default: .init()].closed.insert(line.line)
      }
    }
  }

  private mutating func note(_ status: ShipmentStatus) {
    guard status.status != .inTransit, ended[status.shipmentID] == nil else { return }
    guard let shipment = left[status.shipmentID] else { return }
    ended[status.shipmentID] = status.status
    for part in shipment.lines {
      if status.status == .delivered {
        arrived[shipment.orderID, default: 0] += part.quantity
      } else {
        orders[shipment.orderID, default: .init()].cameBack[part.line, default: 0] += part.quantity
        back[shipment.shipmentID, default: [:]][part.line, default: 0] += part.quantity
        add(part.quantity, of: part.line, shipment.orderID)
        if let sku = orders[shipment.orderID]?.skus[part.line] { held[sku, default: 0] += part.quantity }
      }
    }
  }

  private mutating func add(_ quantity: Int64, of line: Int32, _ order: OrderID) {
    if let sku = orders[order]?.skus[line] { total[sku, default: 0] += quantity }
  }
}
