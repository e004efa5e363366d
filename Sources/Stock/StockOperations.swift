import Contracts

// The operations on stock, orders and what connects them. Each takes what the caller has already found possible; what
// cannot be possible any more (a negative quantity) is refused by the tables' CHECKs as well.

extension WorkingSet {
  /// The most that one balance may hold: far beyond any warehouse, far below what a sum could overflow.
  public static let maximumOnHand: Int64 = 1_000_000_000_000_000

  // MARK: Goods

  /// Goods came in.
  public func receive(_ quantity: Int64, at balance: Balance, _ cause: Cause) {
    book(quantity, to: .onHand, of: balance, because: .receipt, cause)
  }

  /// Goods went from one location to another, both legs at once.
  public func move(_ quantity: Int64, from: Balance, to: Balance, _ cause: Cause) {
    book(-quantity, to: .onHand, of: from, because: .transferOut, cause)
    book(quantity, to: .onHand, of: to, because: .transferIn, cause)
  }

  // MARK: Promises

  /// Promises stock at a location to a line; of lots the one that expires first.
  ///
  /// - Parameter balance: Of the location as a whole, or of one lot there.
  public func reserve(
    _ quantity: Int64, for line: OrderLine, at balance: Balance, policy: String, candidates: String, _ cause: Cause
  ) {
    guard !balance.lots.isEmpty else {
      promise(quantity, to: line, of: balance, policy: policy, candidates: candidates, cause)
      return
    }
    var left = quantity
    for source in balance.sources where left > 0 && source.promisable > 0 {
      let taken = min(left, source.promisable)
      promise(taken, to: line, of: source, policy: policy, candidates: candidates, cause)
      left -= taken
    }
    // More than there is: the tables refuse it, as they do where there are no lots.
    if left > 0 { promise(left, to: line, of: balance, policy: policy, candidates: candidates, cause) }
  }

  private func promise(
    _ quantity: Int64, to line: OrderLine, of balance: Balance, policy: String, candidates: String, _ cause: Cause
  ) {
    book(quantity, to: .reserved, of: balance, because: .reserve, cause)
    line.promises.append(
      Reservation(
        number: (line.promises.last?.number ?? 0) + 1, location: balance.location, lot: balance.lot,
        quantity: quantity, open: quantity, consumed: 0, released: 0, policy: policy, candidates: candidates,
        createdAt: now, isNew: true, isChanged: false))
    line.quantities.reserved += quantity
    line.isChanged = true
  }

  /// Gives a reservation's open units back; the line's units count as cancelled.
  ///
  /// - Parameters:
  ///   - index: Which of the line's reservations.
  ///   - line: The line.
  ///   - limit: At most so many units.
  ///   - ending: What is said to have become of them: released or expired.
  ///   - cause: The message.
  /// - Returns: How many units were given back.
  public func release(
    _ index: Int, of line: OrderLine, upTo limit: Int64 = .max, as ending: Reservation.State = .released, _ cause: Cause
  ) -> Int64 {
    let quantity = min(limit, line.promises[index].open)
    guard quantity > 0, let balance = balance(of: line.promises[index], line) else { return 0 }
    book(-quantity, to: .reserved, of: balance, because: ending == .expired ? .expire : .release, cause)
    line.promises[index].open -= quantity
    line.promises[index].released += quantity
    line.promises[index].ending = ending
    line.promises[index].isChanged = true
    line.quantities.reserved -= quantity
    line.quantities.cancelled += quantity
    line.isChanged = true
    return quantity
  }

  /// Gives a part of a reservation back. The line's units are in none of its quantities then: whoever calls it
  /// reserves, enqueues or cancels them next.
  ///
  /// - Returns: How many units were given back: the quantity, or what was open.
  public func withdraw(_ quantity: Int64, from reservation: Reservation, of line: OrderLine, _ cause: Cause) -> Int64 {
    let taken = min(quantity, reservation.open)
    guard taken > 0, let balance = balance(of: reservation, line) else { return 0 }
    book(-taken, to: .reserved, of: balance, because: .release, cause)
    reservation.open -= taken
    reservation.released += taken
    reservation.ending = .released
    reservation.isChanged = true
    line.quantities.reserved -= taken
    line.isChanged = true
    return taken
  }

  /// Units that were not to be delivered any more, and are in none of the line's quantities now: they have left after
  /// all, and whoever calls it reserves them next.
  public func reinstate(_ quantity: Int64, of line: OrderLine) {
    line.quantities.cancelled -= quantity
    line.isChanged = true
  }

  /// Goods come back from a customer. Scrap passes through, so that the ledger knows of it.
  public func takeReturn(_ quantity: Int64, to balance: Balance, _ disposal: Disposal, _ cause: Cause) {
    book(quantity, to: .onHand, of: balance, because: .returned, cause)
    switch disposal {
    case .stock: break
    case .qualityControl: book(quantity, to: .qualityControl, of: balance, because: .qcHold, cause)
    case .scrap: book(-quantity, to: .onHand, of: balance, because: .damage, cause)
    }
  }

  /// Goods left against the line's own reservations at a location: on hand and reserved fall together.
  ///
  /// - Returns: How many units of which lot left; in sum the quantity, or all that was reserved there.
  @discardableResult
  public func ship(
    _ quantity: Int64, of line: OrderLine, from location: LocationID, _ cause: Cause
  ) -> [(lot: String, quantity: Int64)] {
    var left = quantity
    var lots: [(lot: String, quantity: Int64)] = []
    for reservation in line.promises where left > 0 && reservation.open > 0 && reservation.location == location {
      let taken = min(left, reservation.open)
      reservation.open -= taken
      reservation.consumed += taken
      reservation.isChanged = true
      left -= taken
      if let known = lots.firstIndex(where: { $0.lot == reservation.lot }) {
        lots[known].quantity += taken
      } else {
        lots.append((reservation.lot, taken))
      }
    }
    for (lot, shipped) in lots {
      guard let balance = item(line.sku)?.balance(at: location, lot: lot) else { continue }
      book(-shipped, to: .reserved, of: balance, because: .ship, cause)
      book(-shipped, to: .onHand, of: balance, because: .ship, cause)
    }
    line.quantities.reserved -= quantity - left
    line.quantities.shipped += quantity - left
    line.isChanged = true
    return lots
  }

  /// Goods that had left come back undelivered: they wait for a decision about their quality, and do not count as
  /// shipped any more. Whoever calls it reserves, enqueues or cancels the line's units next.
  public func takeBack(_ quantity: Int64, of line: OrderLine, to balance: Balance, _ cause: Cause) {
    book(quantity, to: .onHand, of: balance, because: .returned, cause)
    book(quantity, to: .qualityControl, of: balance, because: .qcHold, cause)
    line.quantities.shipped -= quantity
    line.isChanged = true
  }

  /// Units of an order arrived.
  public func deliver(_ quantity: Int64, of order: Order) {
    order.delivered += quantity
    order.isChanged = true
  }

  // MARK: Backorders

  /// Lets a part of a line wait for stock. It is owed unless the order's policy keeps it from being filled in part.
  public func enqueue(_ quantity: Int64, of line: OrderLine, _ cause: Cause) {
    guard let item = item(line.sku) else { return }
    if line.waiting == nil {
      line.waiting = Backorder(
        quantity: 0, open: 0, filled: 0, cancelled: 0, isFillable: line.isDivisible, createdAt: now, isNew: true,
        isChanged: false)
    }
    if line.waiting?.isFillable == true {
      item.row.owed += quantity
      item.isChanged = true
    }
    item.lastCause = cause
    line.quantities.backordered += quantity
    line.isChanged = true
    line.waiting?.quantity += quantity
    line.waiting?.open += quantity
    line.waiting?.isChanged = true
  }

  /// Promises stock that has come to a line that waits for it.
  public func fill(
    _ quantity: Int64, of line: OrderLine, from balance: Balance, policy: String, candidates: String, _ cause: Cause
  ) {
    guard let item = item(line.sku), let backorder = line.waiting else { return }
    if backorder.isFillable {
      item.row.owed -= quantity
      item.isChanged = true
    }
    line.quantities.backordered -= quantity
    line.waiting?.open -= quantity
    line.waiting?.filled += quantity
    line.waiting?.isChanged = true
    reserve(quantity, for: line, at: balance, policy: policy, candidates: candidates, cause)
  }

  /// What waits is not wanted any more; the line's units count as cancelled.
  ///
  /// - Returns: How many units waited, up to the limit.
  @discardableResult
  public func cancelBackorder(of line: OrderLine, upTo limit: Int64 = .max, _ cause: Cause) -> Int64 {
    guard let backorder = line.waiting, backorder.open > 0, let item = item(line.sku) else { return 0 }
    let quantity = min(limit, backorder.open)
    guard quantity > 0 else { return 0 }
    if backorder.isFillable {
      item.row.owed -= quantity
      item.isChanged = true
    }
    item.lastCause = cause
    line.waiting?.open -= quantity
    line.waiting?.cancelled += quantity
    line.waiting?.isChanged = true
    line.quantities.backordered -= quantity
    line.quantities.cancelled += quantity
    line.isChanged = true
    return quantity
  }

  /// A part of a line that will not be delivered and never waited.
  public func cancel(_ quantity: Int64, of line: OrderLine) {
    line.quantities.cancelled += quantity
    line.isChanged = true
  }

  // MARK: Orders

  /// Derives an order's state from its lines after they have changed.
  public func refresh(_ order: Order) { order.refreshState() }

  /// Closes an order that ships nothing (more), with the reason that was given.
  public func close(_ order: Order, as state: OrderState, reason: String?) {
    order.state = state
    order.closedReason = reason
    if order.isClosed { endHold(of: order) }
    order.isChanged = true
  }

  // MARK: Policies and registration

  /// Sets the levels of a SKU over all locations.
  public func setPolicy(of item: StockItem, safetyStock: Int64, band: AlertBand, _ cause: Cause) {
    item.row.safetyStock = safetyStock
    item.row.band = band
    item.isChanged = true
    item.lastCause = cause
  }

  /// Sets the levels of a SKU at one location.
  public func setPolicy(of balance: Balance, safetyStock: Int64, band: AlertBand, _ cause: Cause) {
    balance.row.safetyStock = safetyStock
    balance.row.band = band
    balance.isChanged = true
    balance.isRevised = true
    balance.item?.lastCause = cause
  }

  /// Sets the levels of a SKU at one location because its policy says so, and not one of all locations.
  public func setOwnPolicy(of balance: Balance, safetyStock: Int64, band: AlertBand, _ cause: Cause) {
    setPolicy(of: balance, safetyStock: safetyStock, band: band, cause)
    balance.isKept = true
  }

  /// Goods are on their way there: whatever brings them finds it.
  public func expectGoods(at balance: Balance) { balance.isKept = true }

  /// The catalogue knows the SKU from now on.
  public func register(_ item: StockItem) {
    item.row.isRegistered = true
    item.isChanged = true
  }

  /// The catalogue sells the SKU no more, or again: what ran out meanwhile is told then.
  public func setDiscontinued(_ item: StockItem, _ isDiscontinued: Bool, _ cause: Cause) {
    item.row.isDiscontinued = isDiscontinued
    item.isChanged = true
    // What never was there, and no policy speaks of, has not run out.
    let isWatched = item.band.reorderPoint > 0 || item.places.contains { $0.seq > 0 || $0.band.reorderPoint > 0 }
    if isWatched { item.lastCause = cause }
  }

  private func balance(of reservation: Reservation, _ line: OrderLine) -> Balance? {
    item(line.sku)?.balance(at: reservation.location, lot: reservation.lot)
  }
}
