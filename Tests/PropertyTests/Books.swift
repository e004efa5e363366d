import Contracts

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
  /// The SKU of each order line, as it was ordered.
  private var ordered: [OrderID: [Int32: SKU]] = [:]
  /// What left, by shipment.
  private var left: [ShipmentID: ShipmentDispatched] = [:]
  /// Shipments that arrived or came back: the first word counts.
  private var ended: [ShipmentID: CarrierStatus] = [:]
  /// Units that came back of each line.
  private(set) var cameBack: [OrderID: [Int32: Int64]] = [:]
  /// Units that arrived of each order.
  private(set) var arrived: [OrderID: Int64] = [:]

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
  }

  /// Enters a message that took effect.
  mutating func note(_ event: Event) {
    switch event {
    case .goodsReceived(let receipt): if let sku = receipt.sku { total[sku, default: 0] += receipt.quantity }
    case .orderCreated(let order):
      for line in order.lines { ordered[order.orderID, default: [:]][line.line] = line.sku }
    case .shipmentDispatched(let shipment):
      left[shipment.shipmentID] = shipment
      for part in shipment.lines { add(-part.quantity, of: part.line, shipment.orderID) }
    case .shipmentStatus(let status): note(status)
    default: break
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
        cameBack[shipment.orderID, default: [:]][part.line, default: 0] += part.quantity
        add(part.quantity, of: part.line, shipment.orderID)
      }
    }
  }

  private mutating func add(_ quantity: Int64, of line: Int32, _ order: OrderID) {
    if let sku = ordered[order]?[line] { total[sku, default: 0] += quantity }
  }
}
