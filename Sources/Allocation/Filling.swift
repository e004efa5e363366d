import Contracts
import Messaging
import Stock

// Stock may have come: it goes to the orders that wait, best rank first, as each order's policy allows.

extension AllocationDecisions {
  func fill(_ sku: SKU) -> Disposition {
    guard let item = stock.item(sku), let waiting = state.waiting[sku] else { return .unchanged("nobody waits for it") }
    var events: [OutgoingEvent] = []
    let last = lastListed(waiting)
    for (index, place) in waiting.enumerated() {
      guard item.free > 0 else { break }
      guard let order = stock.order(place.order), let line = order.line(place.line), line.backordered > 0 else {
        continue  // cancelled or filled by an earlier message of this batch
      }
      let lines = order.terms.policy == .shipComplete ? order.lines.filter { $0.backordered > 0 } : [line]
      if order.terms.policy != .partial {
        guard canFill(lines, whoseTurn: item) else { continue }
        // Some of those who are owed may go before it and were not read: it waits for the transaction that reads them,
        // and so do all behind it.
        guard index < last || canFill(lines, whoseTurn: nil) else { break }
      }
      events += fill(lines, of: order)
    }
    // More wait than this transaction has read, or those it has read were cancelled in the same batch: another goes on.
    if item.owed > 0, item.free > 0 { events.append(follow.note(.backordersDue(BackordersDue(sku: sku)), sku: sku)) }
    return events.isEmpty ? .unchanged("no stock is free for those who wait") : .applied(events)
  }

  /// The last place of those that may be filled in part, -1 where there is none. They are read only as far as reached
  /// what was free when the batch began, and no further than a limit: what else was owed then ranks behind it. Those
  /// that are wanted wholly are all in the list.
  private func lastListed(_ waiting: [WorkingSet.Waiting]) -> Int {
    waiting.lastIndex { stock.order($0.order)?.terms.policy == .partial } ?? -1
  }

  /// Whether all of these lines can be filled at once: a SKU gives no more than what it does not owe to others, but for
  /// the one of which it is their turn.
  func canFill(_ lines: [OrderLine], whoseTurn item: StockItem?) -> Bool {
    var wanted: [SKU: Int64] = [:]
    for line in lines { wanted[line.sku, default: 0] += line.backordered }
    return wanted.allSatisfy { sku, units in
      guard let other = stock.item(sku) else { return false }
      return units <= (other === item ? other.free : other.availableToPromise)
    }
  }

  /// Fills lines with what there is; where nothing of the order waits any more, it is told that it is reserved.
  func fill(_ lines: [OrderLine], of order: Order) -> [OutgoingEvent] {
    let cause = cause(order.id.value)
    var events: [OutgoingEvent] = []
    for line in lines {
      let filled = fill(line, of: order, cause)
      guard !filled.isEmpty else { continue }
      let event = BackorderFilled(
        backorderID: order.backorderID(line), orderID: order.id, line: line.number, sku: line.sku,
        quantity: filled.reduce(0) { $0 + $1.quantity }, remaining: line.backordered, allocations: filled)
      events.append(follow.event(.backorderFilled(event), order: order.id, sequence: order.nextSequence()))
    }
    guard !events.isEmpty else { return [] }
    stock.refresh(order)
    if order.lines.allSatisfy({ $0.backordered == 0 }) {
      events.append(follow.event(.orderReserved(order.answer), order: order.id, sequence: order.nextSequence()))
    }
    return events
  }

  private func fill(_ line: OrderLine, of order: Order, _ cause: Cause) -> [LocationQuantity] {
    guard let item = stock.item(line.sku) else { return [] }
    let units = min(line.backordered, item.free)
    let choice = choice(for: units, of: item, order)
    let (policy, seen) = (choice.policy.name.rawValue, choice.seen)
    var filled: [LocationQuantity] = []
    for share in choice.policy.plan(units, over: choice.ranked) {
      guard let balance = item.balance(at: share.location) else { continue }
      stock.fill(share.quantity, of: line, from: balance, policy: policy, candidates: seen, cause)
      filled.append(LocationQuantity(locationID: share.location, quantity: share.quantity))
    }
    return filled
  }
}
