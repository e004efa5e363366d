import Contracts
import Postgres

extension WorkingSet {
  /// Queues what changed: net rows once, ledger entries individually. Nothing is queued for what did not change.
  public func send(to writes: inout WriteSet) throws {
    try sendLedger(to: &writes)
    try sendBalances(to: &writes)
    try sendUnused(to: &writes)
    try sendAnchors(to: &writes)
    try sendEpisodes(to: &writes)
    try sendLots(to: &writes)
    let touched = placed.values.filter { $0.isChanged || $0.isNew }.sorted { $0.id < $1.id }
    guard !touched.isEmpty else { return }
    try sendOrders(touched, to: &writes)
    var lines: [OrderPart] = []
    lines.reserveCapacity(2 * touched.count)
    for order in touched {
      for line in order.parts { lines.append(OrderPart(order: order, line: line, kept: line.kept)) }
    }
    try sendLines(lines, to: &writes)
    try sendReservations(lines, to: &writes)
    try sendBackorders(lines, to: &writes)
    try sendBumps(to: &writes)
    try sendDecisions(to: &writes)
  }

  /// A line with its order, and the promise that is written with the line.
  private struct OrderPart {
    let order: Order
    let line: OrderLine
    let kept: Reservation?
  }

  // MARK: Stock

  private func sendAnchors(to writes: inout WriteSet) throws {
    let changed = anchors.values.filter { $0.isChanged }
    guard !changed.isEmpty else { return }
    try writes.send(
      StockStatements.updateAnchors,
      [
        .tids(changed) { $0.tid }, .bools(changed) { $0.isRegistered }, .ints(changed) { $0.owed },
        .ints(changed) { $0.safetyStock }, .ints(changed) { $0.band.reorderPoint },
        .ints(changed) { $0.band.recoverPoint }, .texts(changed) { $0.alert.rawValue }, .ints(changed) { $0.episode },
        .ints(changed) { $0.sequence }, .bools(changed) { $0.isDiscontinued },
      ], changing: changed.count)
  }

  private func sendBalances(to writes: inout WriteSet) throws {
    var booked: [Balance] = []
    var revised: [Balance] = []
    for item in anchors.values {
      for balance in item.places where balance.isChanged {
        if balance.isRevised { revised.append(balance) } else { booked.append(balance) }
      }
    }
    if !booked.isEmpty {
      try writes.send(StockStatements.bookBalances, quantities(of: booked), changing: booked.count)
    }
    if !revised.isEmpty {
      try writes.send(
        StockStatements.updateBalances,
        quantities(of: revised) + [
          .ints(revised) { $0.safetyStock }, .ints(revised) { $0.band.reorderPoint },
          .ints(revised) { $0.band.recoverPoint }, .texts(revised) { $0.alert.rawValue },
          .ints(revised) { $0.episode },
        ], changing: revised.count)
    }
  }

  /// What was made for a message that was not applied after all goes again.
  private func sendUnused(to writes: inout WriteSet) throws {
    guard hasFresh else { return }
    let unused = anchors.values.flatMap { item in item.places.filter(\.isUnused) }
    guard !unused.isEmpty else { return }
    try writes.send(StockStatements.dropUnused, [.ints(unused) { $0.id }])
  }

  /// After the rows themselves, which have moved by then: by their keys.
  private func sendEpisodes(to writes: inout WriteSet) throws {
    let places = begunEpisodes.compactMap { begun in begun.location.map { (begun.sku, $0) } }
    if !places.isEmpty {
      try writes.send(
        StockStatements.beginEpisodesOfBalances,
        [
          .texts(places.map(\.0.value)), .texts(places.map(\.1.value)), .timestamp(now.microseconds),
        ], changing: places.count)
    }
    let skus = begunEpisodes.filter { $0.location == nil }.map(\.sku.value)
    if !skus.isEmpty {
      try writes.send(
        StockStatements.beginEpisodesOfAnchors, [.texts(skus), .timestamp(now.microseconds)], changing: skus.count)
    }
  }

  private func quantities(of balances: [Balance]) -> [Parameter] {
    [
      .tids(balances) { $0.tid }, .ints(balances) { $0.onHand }, .ints(balances) { $0.reserved },
      .ints(balances) { $0.damaged }, .ints(balances) { $0.qualityControl }, .ints(balances) { $0.seq },
      .timestamps(balances) { $0.recordedAt.microseconds },
    ]
  }

  /// Entries of one balance together: they share a page of the index, which is then searched while it is at hand.
  private func sendLedger(to writes: inout WriteSet) throws {
    guard let consumer = ledger.first?.cause.consumer else { return }
    ledger.sort { ($0.balanceID, $0.seq) < ($1.balanceID, $1.seq) }
    let ledger = ledger
    try writes.send(
      StockStatements.insertLedger,
      [
        .ints(ledger) { $0.balanceID }, .ints(ledger) { $0.seq }, .texts(alike: ledger) { $0.bucket.rawValue },
        .ints(ledger) { $0.delta }, .ints(ledger) { $0.balanceAfter }, .texts(alike: ledger) { $0.reason.rawValue },
        .texts(ledger) { $0.cause.reference }, .text(consumer), .texts(alike: ledger) { $0.cause.source },
        .texts(ledger) { $0.cause.messageID }, .timestamps(alike: ledger) { $0.cause.occurredAt.microseconds },
        .timestamps(alike: ledger) { $0.recordedAt.microseconds },
      ])
  }

  // MARK: Orders

  private func sendOrders(_ touched: [Order], to writes: inout WriteSet) throws {
    let new = touched.filter { $0.isNew }
    let plain = new.filter { $0.terms.arePlain }
    if !plain.isEmpty {
      try writes.send(
        StockStatements.insertOrders,
        [
          .texts(plain) { $0.id.value }, .texts(optional: plain) { $0.customer?.value },
          .bools(alike: plain) { !$0.isTombstone }, .texts(alike: plain) { $0.state.rawValue },
          .texts(alike: plain) { $0.backorderRule }, .int4s(alike: plain) { $0.priority },
          .timestamps(alike: plain) { $0.needBy?.microseconds }, .texts(alike: plain) { $0.closedReason },
          .ints(alike: plain) { $0.sequence }, .timestamps(plain) { $0.orderedAt.microseconds },
          .timestamp(now.microseconds),
        ])
    }
    if plain.count < new.count {
      let special = new.filter { !$0.terms.arePlain }
      try writes.send(StockStatements.insertOrdersWithTerms, columns(of: special) + terms(of: special))
    }
    // What has arrived already in the batch that creates an order is not worth a column of every insert.
    let changed = touched.filter { !$0.isNew || $0.delivered > 0 }
    if !changed.isEmpty {
      let delivered = Parameter.ints(optional: changed) { $0.delivered > 0 ? $0.delivered : nil }
      try writes.send(StockStatements.updateOrders, columns(of: changed) + [delivered], changing: changed.count)
    }
    // A plain order that was revised by the batch that created it was inserted without these columns.
    let revised = touched.filter { $0.isRevised && (!$0.isNew || $0.terms.arePlain) }
    if !revised.isEmpty {
      try writes.send(
        StockStatements.reviseOrders, [.texts(revised) { $0.id.value }] + terms(of: revised), changing: revised.count)
    }
  }

  private func terms(of orders: [Order]) -> [Parameter] {
    [
      .texts(orders) { $0.terms.policy.rawValue }, .timestamps(optional: orders) { $0.terms.expiresAt?.microseconds },
      .timestamps(optional: orders) { $0.holdUntil?.microseconds }, .ints(optional: orders) { $0.revision },
      .texts(optional: orders) { $0.terms.locationPolicy?.rawValue },
      .texts(optional: orders) { $0.terms.destination?.columns.lat },
      .texts(optional: orders) { $0.terms.destination?.columns.lng },
    ]
  }

  private func columns(of orders: [Order]) -> [Parameter] {
    [
      .texts(orders) { $0.id.value }, .texts(optional: orders) { $0.customer?.value },
      .bools(orders) { !$0.isTombstone }, .texts(orders) { $0.state.rawValue }, .texts(orders) { $0.backorderRule },
      .int4s(orders) { $0.priority }, .timestamps(optional: orders) { $0.needBy?.microseconds },
      .texts(optional: orders) { $0.closedReason }, .ints(orders) { $0.sequence },
      .timestamps(orders) { $0.orderedAt.microseconds }, .timestamp(now.microseconds),
    ]
  }

  private func sendLines(_ parts: [OrderPart], to writes: inout WriteSet) throws {
    let new = parts.filter { $0.line.isNew && !$0.line.isRevised }
    if !new.isEmpty {
      try writes.send(
        StockStatements.insertLines,
        [
          .texts(new) { $0.order.id.value }, .int4s(new) { $0.line.number }, .texts(new) { $0.line.sku.value },
          .ints(new) { $0.line.ordered }, .ints(new) { $0.line.reserved }, .ints(alike: new) { $0.line.backordered },
          .ints(alike: new) { $0.line.shipped }, .ints(alike: new) { $0.line.cancelled },
          .texts(optional: new) { $0.kept?.location.value }, .texts(alike: new) { $0.kept?.policy },
          .texts(optional: new) { $0.kept?.candidates }, .timestamps(alike: new) { $0.kept?.createdAt.microseconds },
        ])
    }
    if parts.contains(where: { $0.line.isRevised }) { try sendRevisedLines(parts, to: &writes) }
    let changed = parts.filter { $0.line.isChanged && !$0.line.isNew && !$0.line.isRevised }
    if !changed.isEmpty {
      try writes.send(
        StockStatements.updateLines,
        [
          .texts(changed) { $0.order.id.value }, .int4s(changed) { $0.line.number },
          .ints(changed) { $0.line.reserved }, .ints(changed) { $0.line.backordered },
          .ints(changed) { $0.line.shipped }, .ints(changed) { $0.line.cancelled },
        ], changing: changed.count)
    }
  }

  /// Lines of which more than the quantities changed: amended, or cancelled by name.
  private func sendRevisedLines(_ parts: [OrderPart], to writes: inout WriteSet) throws {
    func revisions(of parts: [OrderPart]) -> [Parameter] {
      [
        .ints(optional: parts) { $0.line.placed },
        .ints(optional: parts) { $0.line.calledOff > 0 ? $0.line.calledOff : nil },
        .bools(optional: parts) { $0.line.isClosed ? true : nil },
      ]
    }
    func quantities(of parts: [OrderPart]) -> [Parameter] {
      [
        .ints(parts) { $0.line.ordered }, .ints(parts) { $0.line.reserved }, .ints(parts) { $0.line.backordered },
        .ints(parts) { $0.line.shipped }, .ints(parts) { $0.line.cancelled },
      ]
    }
    let keys: ([OrderPart]) -> [Parameter] = { [.texts($0) { $0.order.id.value }, .int4s($0) { $0.line.number }] }
    let new = parts.filter { $0.line.isNew && $0.line.isRevised }
    if !new.isEmpty {
      try writes.send(
        StockStatements.insertRevisedLines,
        keys(new) + [.texts(new) { $0.line.sku.value }] + quantities(of: new) + revisions(of: new))
    }
    let known = parts.filter { !$0.line.isNew && $0.line.isRevised }
    if !known.isEmpty {
      try writes.send(
        StockStatements.reviseLines, keys(known) + quantities(of: known) + revisions(of: known), changing: known.count)
    }
  }

  // MARK: Reservations

  /// A reservation with its line and order.
  private struct Promise {
    let part: OrderPart
    let reservation: Reservation
  }

  /// Those that no line keeps. A line that has changed gives up the one that it kept so far.
  private func sendReservations(_ parts: [OrderPart], to writes: inout WriteSet) throws {
    var new: [Promise] = []
    var changed: [Promise] = []
    for part in parts where part.kept == nil {
      for reservation in part.line.promises {
        if reservation.isNew || (reservation.isKeptByLine && part.line.isChanged) {
          new.append(Promise(part: part, reservation: reservation))
        } else if reservation.isChanged {
          changed.append(Promise(part: part, reservation: reservation))
        }
      }
    }
    if !new.isEmpty { try sendNew(new, to: &writes) }
    guard !changed.isEmpty else { return }
    try writes.send(
      StockStatements.updateReservations,
      [
        .texts(changed) { $0.part.order.id.value }, .int4s(changed) { $0.part.line.number },
        .int4s(changed) { $0.reservation.number }, .ints(changed) { $0.reservation.open },
        .ints(changed) { $0.reservation.consumed }, .ints(changed) { $0.reservation.released },
        .texts(changed) { $0.reservation.state.rawValue },
      ], changing: changed.count)
  }

  private func sendNew(_ new: [Promise], to writes: inout WriteSet) throws {
    try writes.send(
      StockStatements.insertReservations,
      [
        .texts(new) { $0.part.order.id.value }, .int4s(new) { $0.part.line.number },
        .int4s(alike: new) { $0.reservation.number }, .texts(new) { $0.part.line.sku.value },
        .texts(new) { $0.reservation.location.value }, .texts(alike: new) { $0.reservation.lot },
        .ints(new) { $0.reservation.quantity }, .ints(new) { $0.reservation.open },
        .ints(alike: new) { $0.reservation.consumed }, .ints(alike: new) { $0.reservation.released },
        .texts(alike: new) { $0.reservation.state.rawValue }, .texts(alike: new) { $0.reservation.policy },
        .texts(new) { $0.reservation.candidates }, .timestamps(alike: new) { $0.reservation.createdAt.microseconds },
      ])
  }

  // MARK: Backorders

  private func sendBackorders(_ parts: [OrderPart], to writes: inout WriteSet) throws {
    var new: [(part: OrderPart, backorder: Backorder)] = []
    var changed: [(part: OrderPart, backorder: Backorder)] = []
    for part in parts {
      guard let backorder = part.line.waiting else { continue }
      if backorder.isNew {
        new.append((part, backorder))
      } else if backorder.isChanged {
        changed.append((part, backorder))
      }
    }
    if !new.isEmpty {
      try writes.send(
        StockStatements.insertBackorders,
        [
          .texts(new) { $0.part.order.id.value }, .int4s(new) { $0.part.line.number },
          .texts(new) { $0.part.line.sku.value }, .ints(new) { $0.backorder.quantity },
          .ints(new) { $0.backorder.open }, .ints(new) { $0.backorder.filled }, .ints(new) { $0.backorder.cancelled },
          .texts(new) { $0.backorder.state.rawValue }, .int4s(new) { $0.part.order.priority },
          .timestamps(optional: new) { $0.part.order.needBy?.microseconds },
          .timestamps(new) { $0.backorder.createdAt.microseconds }, .bools(new) { $0.backorder.isFillable },
        ])
    }
    if !changed.isEmpty {
      try writes.send(
        StockStatements.updateBackorders,
        [
          .texts(changed) { $0.part.order.id.value }, .int4s(changed) { $0.part.line.number },
          .ints(changed) { $0.backorder.quantity }, .ints(changed) { $0.backorder.open },
          .ints(changed) { $0.backorder.filled }, .ints(changed) { $0.backorder.cancelled },
          .texts(changed) { $0.backorder.state.rawValue },
        ], changing: changed.count)
    }
  }
}

extension Order {
  fileprivate var backorderRule: String { allowsBackorder ? "allow" : "deny" }
}
