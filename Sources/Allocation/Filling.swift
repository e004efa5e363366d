import Contracts
import Messaging
import Stock

// Stock may have come: it goes to the orders that wait, best rank first.

extension AllocationDecisions {
  func fill(_ sku: SKU) -> Disposition {
    guard let item = stock.item(sku), item.owed > 0 else { return .unchanged("nobody waits for it") }
    var events: [OutgoingEvent] = []
    for waiting in state.waiting[sku] ?? [] {
      guard item.free > 0 else { break }
      guard let order = stock.order(waiting.order), let line = order.line(waiting.line), line.backordered > 0 else {
        continue  // cancelled by an earlier message of this batch
      }
      events += fill(line, of: order, item)
    }
    return events.isEmpty ? .unchanged("no stock is free for those who wait") : .applied(events)
  }

  private func fill(_ line: OrderLine, of order: Order, _ item: StockItem) -> [OutgoingEvent] {
    let cause = cause(order.id.value)
    let ranked = LocationPolicy.mostStock.rank(item.candidates)
    let seen = LocationPolicy.describe(ranked)
    var filled: [LocationQuantity] = []
    for share in LocationPolicy.mostStock.plan(min(line.backordered, item.free), over: ranked) {
      guard let balance = item.balance(at: share.location) else { continue }
      stock.fill(
        share.quantity, of: line, from: balance, policy: LocationPolicy.mostStock.name, candidates: seen, cause)
      filled.append(LocationQuantity(locationID: share.location, quantity: share.quantity))
    }
    guard !filled.isEmpty else { return [] }
    stock.refresh(order)
    let event = BackorderFilled(
      backorderID: order.backorderID(line), orderID: order.id, line: line.number, sku: line.sku,
      quantity: filled.reduce(0) { $0 + $1.quantity }, remaining: line.backordered, allocations: filled)
    var events = [follow.event(.backorderFilled(event), order: order.id, sequence: order.nextSequence())]
    if order.state == .reserved {
      events.append(follow.event(.orderReserved(order.answer), order: order.id, sequence: order.nextSequence()))
    }
    return events
  }
}
