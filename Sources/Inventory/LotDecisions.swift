import Contracts
import Messaging
import Stock

// Lots: when their time is up is said once, and told once.

extension InventoryDecisions {
  /// Where goods of a receipt go: to its location, and there to its lot.
  func destination(of receipt: GoodsReceived, _ item: StockItem) throws(Reason) -> Balance {
    guard let balance = item.balance(at: receipt.locationID, lot: receipt.lot?.value ?? "") else {
      throw unknownLocation("location_id", receipt.locationID)
    }
    return balance
  }

  /// The lot of a receipt is known from now on, with the time that was said first.
  func declareLot(of receipt: GoodsReceived, _ item: StockItem) throws(Reason) {
    guard let lot = receipt.lot, let known = stock.declare(lot, of: item, expiresAt: receipt.expiresAt) else { return }
    throw Reason(
      .contradiction, field: "data.expires_at", value: receipt.expiresAt?.rfc3339 ?? "absent",
      rule: "must stay \(known.rfc3339): lot \(lot) of \(item.sku) was published with it before")
  }

  /// A sweeper found the lot; it may have been reported, moved away or sold meanwhile.
  func expire(_ due: LotsDue) -> Disposition {
    guard let item = registeredItem(due.sku), let lot = item.lots[due.lot.value], let expiresAt = lot.expiresAt,
      lot.isExpired(at: now)
    else { return .unchanged("the lot has not expired") }
    guard lot.reportedAt == nil else { return .unchanged("the lot is reported already") }
    let there = item.balances(of: due.lot)
    guard !there.isEmpty else { return .unchanged("nothing of the lot is there") }
    stock.report(due.lot, of: item, cause(due.lot.value))
    let expired = LotExpired(
      sku: due.sku, lot: due.lot, expiresAt: expiresAt, onHand: there.reduce(0) { $0 + $1.onHand },
      reserved: there.reduce(0) { $0 + $1.reserved },
      locations: there.prefix(Limits.lines).map { LotExpired.Place(locationID: $0.location, quantity: $0.onHand) })
    return .applied([
      follow.event(.lotExpired(expired), sku: due.sku, sequence: item.nextSequence(), correlation: due.lot.value)
    ])
  }
}
