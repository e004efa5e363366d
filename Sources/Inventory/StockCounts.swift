import Contracts
import Messaging
import Stock

// stock.counted: somebody has looked. A truthful count is believed, also where it breaks a promise.

extension InventoryDecisions {
  func count(_ count: StockCounted) -> Disposition {
    if let known = state.papers.counts.known[count.countID] {
      guard let contradiction = known.contradiction(with: count) else {
        return .unchanged("the count is booked already")
      }
      return .notApplied(contradiction)
    }
    if let reason = tooFarAhead(count.countedAt) { return .notApplied(reason) }
    let found = find(count.place)
    guard case .success(let (item, balance)) = found else { return found.refusal }
    if let newest = state.papers.newestCounts[count.place], newest.time >= count.countedAt {
      if let contradiction = newest.contradiction(with: count) { return .notApplied(contradiction) }
      return supersede(count, item, balance)
    }
    let movement = count.counted == nil ? 0 : stock.movement(at: balance, since: count.countedAt)
    let target = (count.counted ?? balance.onHand) + (count.difference ?? 0) + movement
    guard target >= 0 else { return .notApplied(belowNothing(count, balance, movement)) }
    guard target <= WorkingSet.maximumOnHand else { return .notApplied(tooMuch(target)) }
    if count.counted != nil, target > 0, let reason = missingLot(of: count, item, balance) {
      return .notApplied(reason)
    }
    return book(count, item, balance, target: target, movement: movement)
  }

  private func book(
    _ count: StockCounted, _ item: StockItem, _ balance: Balance, target: Int64, movement: Int64
  ) -> Disposition {
    var record = CountRecord(paper: count, message: name, movement: movement)
    let before = Level(balance)
    let cause = cause(count.countID.value, at: count.countedAt)
    if let lot = count.lot, target > 0 { _ = stock.declare(lot, of: item, expiresAt: nil) }
    let news = stock.count(target, at: balance, cause)
    record.onHand = balance.onHand - before.onHand
    record.damaged = balance.damaged - before.damaged
    record.held = balance.qualityControl - before.held
    record.bumped = before.reserved - balance.reserved
    record.seq = balance.seq
    state.papers.giveUp(at: count.place, beyond: balance.qualityControl)
    state.papers.counts.known[count.countID] = count
    state.papers.counts.new.append(record)
    if let counted = count.counted {
      state.papers.newestCounts[count.place] = LastCount(id: count.countID, counted: counted, time: count.countedAt)
    }
    return .applied(
      publish(news) + [
        adjusted(
          balance, item, since: before, kind: "counted", reference: count.countID.value, person: count.person,
          code: count.reasonCode)
      ])
  }

  /// A later look has said already how much is there: this one is remembered and changes nothing.
  private func supersede(_ count: StockCounted, _ item: StockItem, _ balance: Balance) -> Disposition {
    state.papers.counts.known[count.countID] = count
    state.papers.counts.new.append(CountRecord(paper: count, message: name, isSuperseded: true, seq: balance.seq))
    return .applied([
      adjusted(
        balance, item, since: Level(balance), kind: "superseded", reference: count.countID.value,
        person: count.person, code: count.reasonCode)
    ])
  }

  private func belowNothing(_ count: StockCounted, _ balance: Balance, _ movement: Int64) -> Reason {
    if let difference = count.difference {
      return Reason(
        .notThere, field: "data.difference", value: "\(difference)",
        rule: "must not take more than the \(balance.onHand) units on hand at \(balance.location)"
          + lotWords(balance))
    }
    return Reason(
      .notThere, field: "data.counted", value: "\(count.counted ?? 0)",
      rule: "must be at least the \(-movement) units that left \(balance.location)\(lotWords(balance)) after "
        + "counted_at")
  }

  /// A count without a lot speaks of what has no lot. Where all that is there is of lots, whoever counted means these:
  /// believed as it is, the count would double them.
  private func missingLot(of count: StockCounted, _ item: StockItem, _ balance: Balance) -> Reason? {
    guard balance.lot.isEmpty, balance.onHand == 0 else { return nil }
    let lots = item.balances.filter { $0.location == balance.location && !$0.lot.isEmpty && $0.onHand > 0 }
    guard !lots.isEmpty else { return nil }
    let there = lots.prefix(10).map { "\($0.onHand) of \($0.lot)" } + (lots.count > 10 ? ["…"] : [])
    return Reason(
      .lotMissing, field: "data.lot", value: "absent",
      rule: "must name the lot of which \(count.counted ?? 0) were counted: all that is on hand at "
        + "\(balance.location) is of lots (\(there.joined(separator: ", ")))")
  }

  private func tooFarAhead(_ time: Timestamp) -> Reason? {
    let lead: Int64 = 24 * 3_600 * 1_000_000
    guard time.microseconds > now.microseconds + lead else { return nil }
    return Reason(
      .tooFarAhead, field: "data.counted_at", value: time.rfc3339, rule: "must not lie more than 24 hours ahead")
  }
}

extension InventoryDecisions {
  /// A balance's quantities before a document is booked.
  struct Level {
    let onHand, damaged, held, reserved: Int64

    init(_ balance: Balance) {
      onHand = balance.onHand
      damaged = balance.damaged
      held = balance.qualityControl
      reserved = balance.reserved
    }
  }

  /// Which message is being decided.
  var name: MessageName { MessageName(source: message.envelope.source, id: message.envelope.id) }

  /// The anchor and the balance of a place, or why there are none.
  func find(_ place: WorkingSet.Place) -> Result<(item: StockItem, balance: Balance), Reason> {
    guard let item = registeredItem(place.sku) else { return .failure(unknownSKU(place.sku)) }
    guard let balance = item.balance(at: place.location, lot: place.lot) else {
      return .failure(unknownLocation("location_id", place.location))
    }
    return .success((item, balance))
  }

  /// Gives orders' news their sequence and our name.
  func publish(_ news: [OrderNews]) -> [OutgoingEvent] {
    news.compactMap { item in
      guard let order = stock.order(item.order) else { return nil }
      return follow.event(item.event, order: order.id, sequence: order.nextSequence())
    }
  }

  /// `stock.adjusted`: what a document changed of a balance, and how its location stands after it, over all lots.
  func adjusted(
    _ balance: Balance, _ item: StockItem, since before: Level, kind: String, reference: String, person: String?,
    code: String?
  ) -> OutgoingEvent {
    let place = item.balance(at: balance.location) ?? balance
    let event = StockAdjusted(
      sku: balance.sku, locationID: balance.location, lot: balance.lot.isEmpty ? nil : LotID(trusted: balance.lot),
      kind: kind, reference: reference, difference: balance.onHand - before.onHand,
      bumped: before.reserved - balance.reserved, onHand: place.levelOnHand, damaged: place.levelDamaged,
      qualityControl: place.levelQualityControl, available: place.level, person: person, reasonCode: code)
    return follow.event(
      .stockAdjusted(event), sku: balance.sku, sequence: item.nextSequence(), correlation: reference)
  }
}

extension Result where Failure == Reason {
  /// The message is not applied, for the reason that was found.
  var refusal: Disposition {
    if case .failure(let reason) = self { return .notApplied(reason) }
    return .unchanged("nothing is wrong with it")
  }
}
