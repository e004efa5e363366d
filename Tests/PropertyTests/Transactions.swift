import Contracts
import Messaging

@testable import Stock

/// One batch of one worker over the world's rows.
protocol Transaction {
  var stock: WorkingSet { get }
  func decide(_ message: Message) -> Disposition
  func conclude() -> [OutgoingEvent]
  func commit(to world: World)
}

// MARK: Rows that go into a transaction and come back

extension WorkingSet {
  func lend(_ item: StockItem?) {
    if let item, self.item(item.sku) == nil { add(item) }
  }

  /// Which lots lie where, and which have expired by now.
  func arrangeLots() {
    for item in items.values where item.hasLots { item.arrangeLots(at: now) }
  }

  /// The orders with the promises of lowest rank at a balance, no more than the demand takes. Without the anchors of
  /// their other lines.
  func lendBumpable(_ demand: BumpDemand, of world: World) {
    var promises: [(order: Order, line: Int32, number: Int32, open: Int64)] = []
    for order in world.orders.values {
      for line in order.lines where line.sku == demand.sku {
        for promise in line.reservations where promise.open > 0 && promise.location == demand.location {
          guard promise.lot == demand.lot else { continue }
          promises.append((order, line.number, promise.number, promise.open))
        }
      }
    }
    promises.sort { one, other in
      let (mine, theirs) = (one.order, other.order)
      if mine.priority != theirs.priority { return mine.priority < theirs.priority }
      let (need, othersNeed) = (mine.needBy?.microseconds ?? .max, theirs.needBy?.microseconds ?? .max)
      if need != othersNeed { return need > othersNeed }
      if mine.orderedAt != theirs.orderedAt { return mine.orderedAt > theirs.orderedAt }
      return (mine.id.value, one.line, one.number) > (theirs.id.value, other.line, other.number)
    }
    var left = demand.quantity
    for promise in promises where left > 0 {
      left -= promise.open
      if order(promise.order.id) == nil { add(promise.order) }
    }
  }

  /// Takes over what was decided; the marks of what has to be written are gone afterwards, as after loading.
  func handBack(to world: World) {
    for item in items.values {
      item.isChanged = false
      item.lastCause = nil
      for name in item.lots.keys { item.lots[name]?.isChanged = false }
      let unused = item.balances.filter(\.isUnused).map(\.id)
      item.balances.removeAll { unused.contains($0.id) }
      for balance in item.balances {
        balance.isFresh = false
        balance.isChanged = false
        balance.isRevised = false
      }
    }
    for order in orders.values {
      world.orders[order.id] = order
      order.isNew = false
      order.isChanged = false
      order.isRevised = false
      for line in order.lines { line.clearMarks() }
    }
  }
}

extension OrderLine {
  fileprivate func clearMarks() {
    isNew = false
    isChanged = false
    isRevised = false
    for reservation in reservations {
      reservation.isNew = false
      reservation.isChanged = false
    }
    backorder?.isNew = false
    backorder?.isChanged = false
  }
}
