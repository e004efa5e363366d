import Contracts
import Postgres

extension WorkingSet {
  /// Queues what changed: net rows once, ledger entries individually. Nothing is queued for what did not change.
  public func send(to writes: inout WriteSet) throws {
    try sendAnchors(to: &writes)
    try sendBalances(to: &writes)
    try sendLedger(to: &writes)
    let touched = orders.values.filter { $0.isChanged || $0.isNew }.sorted { $0.id < $1.id }
    guard !touched.isEmpty else { return }
    try sendOrders(touched, to: &writes)
    let lines = touched.flatMap { order in order.lines.map { OrderPart(order: order, line: $0) } }
    try sendLines(lines, to: &writes)
    try sendReservations(lines, to: &writes)
    try sendBackorders(lines, to: &writes)
  }

  /// A line with its order.
  private struct OrderPart {
    let order: Order
    let line: OrderLine
  }

  // MARK: Stock

  private func sendAnchors(to writes: inout WriteSet) throws {
    let changed = items.values.filter(\.isChanged)
    guard !changed.isEmpty else { return }
    try writes.send(
      StockStatements.updateAnchors,
      [
        .tids(changed.map(\.tid)), .bools(changed.map(\.isRegistered)), .ints(changed.map(\.owed)),
        .ints(changed.map(\.safetyStock)), .ints(changed.map(\.band.reorderPoint)),
        .ints(changed.map(\.band.recoverPoint)), .texts(changed.map(\.alert.rawValue)),
        .ints(changed.map(\.episode)), .ints(changed.map(\.sequence)),
      ], expecting: changed.count)
  }

  private func sendBalances(to writes: inout WriteSet) throws {
    let changed = items.values.flatMap { $0.balances.filter(\.isChanged) }
    guard !changed.isEmpty else { return }
    try writes.send(
      StockStatements.updateBalances,
      [
        .tids(changed.map(\.tid)), .ints(changed.map(\.onHand)), .ints(changed.map(\.reserved)),
        .ints(changed.map(\.damaged)), .ints(changed.map(\.qualityControl)), .ints(changed.map(\.safetyStock)),
        .ints(changed.map(\.band.reorderPoint)), .ints(changed.map(\.band.recoverPoint)),
        .texts(changed.map(\.alert.rawValue)), .ints(changed.map(\.episode)), .ints(changed.map(\.seq)),
        .timestamps(changed.map(\.recordedAt.microseconds)),
      ], expecting: changed.count)
  }

  private func sendLedger(to writes: inout WriteSet) throws {
    guard !ledger.isEmpty else { return }
    try writes.send(
      StockStatements.insertLedger,
      [
        .ints(ledger.map(\.balanceID)), .ints(ledger.map(\.seq)), .texts(ledger.map(\.bucket.rawValue)),
        .ints(ledger.map(\.delta)), .ints(ledger.map(\.balanceAfter)), .texts(ledger.map(\.reason.rawValue)),
        .texts(ledger.map(\.cause.reference)), .texts(ledger.map(\.cause.consumer)),
        .texts(ledger.map(\.cause.source)), .texts(ledger.map(\.cause.messageID)),
        .timestamps(ledger.map(\.cause.occurredAt.microseconds)), .timestamps(ledger.map(\.recordedAt.microseconds)),
      ], expecting: ledger.count)
  }

  // MARK: Orders

  private func sendOrders(_ touched: [Order], to writes: inout WriteSet) throws {
    let new = touched.filter(\.isNew)
    let changed = touched.filter { !$0.isNew }
    if !new.isEmpty {
      try writes.send(
        StockStatements.insertOrders,
        [
          .texts(new.map(\.id.value)), .texts(new.map(\.customer?.value)), .bools(new.map { !$0.isTombstone }),
          .texts(new.map(\.state.rawValue)), .texts(new.map(\.backorderRule)), .int4s(new.map(\.priority)),
          .timestamps(new.map(\.needBy?.microseconds)), .texts(new.map(\.closedReason)), .ints(new.map(\.sequence)),
          .timestamps(new.map(\.orderedAt.microseconds)), .timestamp(now.microseconds),
        ], expecting: new.count)
    }
    if !changed.isEmpty {
      try writes.send(
        StockStatements.updateOrders,
        [
          .texts(changed.map(\.id.value)), .texts(changed.map(\.customer?.value)),
          .bools(changed.map { !$0.isTombstone }), .texts(changed.map(\.state.rawValue)),
          .texts(changed.map(\.backorderRule)), .int4s(changed.map(\.priority)),
          .timestamps(changed.map(\.needBy?.microseconds)), .texts(changed.map(\.closedReason)),
          .ints(changed.map(\.sequence)), .timestamps(changed.map(\.orderedAt.microseconds)),
          .timestamp(now.microseconds),
        ], expecting: changed.count)
    }
  }

  private func sendLines(_ parts: [OrderPart], to writes: inout WriteSet) throws {
    let new = parts.filter(\.line.isNew)
    if !new.isEmpty {
      try writes.send(
        StockStatements.insertLines,
        [
          .texts(new.map(\.order.id.value)), .int4s(new.map(\.line.number)), .texts(new.map(\.line.sku.value)),
          .ints(new.map(\.line.ordered)), .ints(new.map(\.line.reserved)), .ints(new.map(\.line.backordered)),
          .ints(new.map(\.line.shipped)), .ints(new.map(\.line.cancelled)),
        ], expecting: new.count)
    }
    let changed = parts.filter { $0.line.isChanged && !$0.line.isNew }
    if !changed.isEmpty {
      try writes.send(
        StockStatements.updateLines,
        [
          .texts(changed.map(\.order.id.value)), .int4s(changed.map(\.line.number)),
          .ints(changed.map(\.line.reserved)), .ints(changed.map(\.line.backordered)),
          .ints(changed.map(\.line.shipped)), .ints(changed.map(\.line.cancelled)),
        ], expecting: changed.count)
    }
  }

  private func sendReservations(_ parts: [OrderPart], to writes: inout WriteSet) throws {
    let all = parts.flatMap { part in part.line.reservations.map { (part: part, reservation: $0) } }
    let new = all.filter(\.reservation.isNew)
    if !new.isEmpty {
      try writes.send(
        StockStatements.insertReservations,
        [
          .texts(new.map(\.part.order.id.value)), .int4s(new.map(\.part.line.number)),
          .int4s(new.map(\.reservation.number)), .texts(new.map(\.part.line.sku.value)),
          .texts(new.map(\.reservation.location.value)), .texts(new.map(\.reservation.lot)),
          .ints(new.map(\.reservation.quantity)), .ints(new.map(\.reservation.open)),
          .ints(new.map(\.reservation.consumed)), .ints(new.map(\.reservation.released)),
          .texts(new.map(\.reservation.state.rawValue)), .texts(new.map(\.reservation.policy)),
          .texts(new.map(\.reservation.candidates)), .timestamps(new.map(\.reservation.createdAt.microseconds)),
        ], expecting: new.count)
    }
    let changed = all.filter { $0.reservation.isChanged && !$0.reservation.isNew }
    if !changed.isEmpty {
      try writes.send(
        StockStatements.updateReservations,
        [
          .texts(changed.map(\.part.order.id.value)), .int4s(changed.map(\.part.line.number)),
          .int4s(changed.map(\.reservation.number)), .ints(changed.map(\.reservation.open)),
          .ints(changed.map(\.reservation.consumed)), .ints(changed.map(\.reservation.released)),
          .texts(changed.map(\.reservation.state.rawValue)),
        ], expecting: changed.count)
    }
  }

  private func sendBackorders(_ parts: [OrderPart], to writes: inout WriteSet) throws {
    let all = parts.compactMap { part in part.line.backorder.map { (part: part, backorder: $0) } }
    let new = all.filter(\.backorder.isNew)
    if !new.isEmpty {
      try writes.send(
        StockStatements.insertBackorders,
        [
          .texts(new.map(\.part.order.id.value)), .int4s(new.map(\.part.line.number)),
          .texts(new.map(\.part.line.sku.value)), .ints(new.map(\.backorder.quantity)),
          .ints(new.map(\.backorder.open)), .ints(new.map(\.backorder.filled)), .ints(new.map(\.backorder.cancelled)),
          .texts(new.map(\.backorder.state.rawValue)), .int4s(new.map(\.part.order.priority)),
          .timestamps(new.map(\.part.order.needBy?.microseconds)),
          .timestamps(new.map(\.backorder.createdAt.microseconds)),
        ], expecting: new.count)
    }
    let changed = all.filter { $0.backorder.isChanged && !$0.backorder.isNew }
    if !changed.isEmpty {
      try writes.send(
        StockStatements.updateBackorders,
        [
          .texts(changed.map(\.part.order.id.value)), .int4s(changed.map(\.part.line.number)),
          .ints(changed.map(\.backorder.quantity)), .ints(changed.map(\.backorder.open)),
          .ints(changed.map(\.backorder.filled)), .ints(changed.map(\.backorder.cancelled)),
          .texts(changed.map(\.backorder.state.rawValue)),
        ], expecting: changed.count)
    }
  }
}

extension Order {
  fileprivate var backorderRule: String { allowsBackorder ? "allow" : "deny" }
}
