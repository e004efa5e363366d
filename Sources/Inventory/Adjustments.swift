import Contracts
import Messaging
import Stock

// stock.adjustment.requested, quality.held, quality.released: what somebody did with units, or decided about them.

extension InventoryDecisions {
  func adjust(_ request: StockAdjustmentRequested) -> Disposition {
    if let known = state.papers.adjustments.known[request.adjustmentID] {
      guard let contradiction = known.contradiction(with: request) else {
        return .unchanged("the adjustment is booked already")
      }
      return .notApplied(contradiction)
    }
    let found = find(request.place)
    guard case .success(let (item, balance)) = found else { return found.refusal }
    if let reason = obstacle(to: request, balance) { return .notApplied(reason) }
    let before = Level(balance)
    if let lot = request.lot, request.kind == .found { _ = stock.declare(lot, of: item, expiresAt: nil) }
    let news = book(request, balance)
    state.papers.adjustments.known[request.adjustmentID] = request
    state.papers.adjustments.new.append(
      AdjustmentRecord(paper: request, message: name, bumped: before.reserved - balance.reserved))
    return .applied(
      publish(news) + [
        adjusted(
          balance, item, since: before, kind: request.kind.rawValue, reference: request.adjustmentID.value,
          person: request.person, code: request.reasonCode)
      ])
  }

  private func obstacle(to request: StockAdjustmentRequested, _ balance: Balance) -> Reason? {
    switch request.kind {
    case .damage, .writeOff: missing(request.quantity, of: balance.usable, "usable", at: balance)
    case .repair, .scrap: missing(request.quantity, of: balance.damaged, "damaged", at: balance)
    case .found: balance.onHand > WorkingSet.maximumOnHand - request.quantity ? tooMuch(request.quantity) : nil
    }
  }

  private func book(_ request: StockAdjustmentRequested, _ balance: Balance) -> [OrderNews] {
    let cause = cause(request.adjustmentID.value)
    switch request.kind {
    case .damage: return stock.damage(request.quantity, at: balance, cause)
    case .writeOff: return stock.writeOff(request.quantity, at: balance, cause)
    case .repair: stock.repair(request.quantity, at: balance, cause)
    case .scrap: stock.scrap(request.quantity, at: balance, cause)
    case .found: stock.find(request.quantity, at: balance, cause)
    }
    return []
  }

  /// Units that are to be taken and are not there. They may be on their way: first the retry tiers.
  func missing(_ quantity: Int64, of there: Int64, _ what: String, at balance: Balance) -> Reason? {
    guard quantity > there else { return nil }
    return Reason(
      .notThere, field: "data.quantity", value: "\(quantity)",
      rule: "must not exceed the \(there) \(what) units at \(balance.location)\(lotWords(balance))")
  }

  /// Which of its location's stock a balance is, where there are lots of the product.
  func lotWords(_ balance: Balance) -> String {
    if !balance.lot.isEmpty { return " of lot \(balance.lot)" }
    return stock.item(balance.sku)?.lots.isEmpty == false ? " without a lot" : ""
  }

  // MARK: Quality

  func hold(_ hold: QualityHeld) -> Disposition {
    if let known = state.papers.holds.known[hold.holdID] {
      guard let contradiction = known.paper.contradiction(with: hold) else {
        return .unchanged("the hold is booked already")
      }
      return .notApplied(contradiction)
    }
    let found = find(hold.place)
    guard case .success(let (item, balance)) = found else { return found.refusal }
    if let reason = missing(hold.quantity, of: balance.usable, "usable", at: balance) { return .notApplied(reason) }
    let before = Level(balance)
    let news = stock.hold(hold.quantity, at: balance, cause(hold.holdID.value))
    let record = Hold(paper: hold, bumped: before.reserved - balance.reserved, message: name)
    state.papers.holds.known[hold.holdID] = record
    state.papers.holds.new.append(record)
    state.papers.held[hold.place, default: 0] += hold.quantity
    state.papers.openHolds[hold.place, default: []].append(hold.holdID)
    return .applied(
      publish(news) + [
        adjusted(
          balance, item, since: before, kind: "hold", reference: hold.holdID.value, person: hold.person,
          code: hold.reasonCode)
      ])
  }

  func release(_ release: QualityReleased) -> Disposition {
    if let known = state.papers.releases.known[release.releaseID] {
      guard let contradiction = known.contradiction(with: release) else {
        return .unchanged("the decision is booked already")
      }
      return .notApplied(contradiction)
    }
    let found = find(release.place)
    guard case .success(let (item, balance)) = found else { return found.refusal }
    if let reason = obstacle(to: release, balance) { return .notApplied(reason) }
    let before = Level(balance)
    stock.release(release.quantity, to: release.to, at: balance, cause(release.releaseID.value))
    if let hold = release.holdID {
      state.papers.holds.known[hold]?.released += release.quantity
      state.papers.changedHolds.insert(hold)
      state.papers.held[release.place, default: 0] -= release.quantity
    }
    state.papers.releases.known[release.releaseID] = release
    state.papers.releases.new.append(ReleaseRecord(paper: release, message: name))
    return .applied([
      adjusted(
        balance, item, since: before, kind: release.to == .stock ? "release" : "release_scrap",
        reference: release.releaseID.value, person: release.person, code: release.reasonCode)
    ])
  }

  private func obstacle(to release: QualityReleased, _ balance: Balance) -> Reason? {
    guard let id = release.holdID else {
      // What a hold has put there is released under its name only.
      let free = balance.qualityControl - min(balance.qualityControl, state.papers.held[release.place] ?? 0)
      return missing(release.quantity, of: free, "held (without a hold's name)", at: balance)
    }
    guard let hold = state.papers.holds.known[id] else {
      return Reason(.unknownHold, field: "data.hold_id", value: id.value, rule: "must be a hold reported before")
    }
    if let reason = hold.paper.contradiction(with: release) { return reason }
    guard release.quantity <= hold.open else {
      return Reason(
        .moreThanHeld, field: "data.quantity", value: "\(release.quantity)",
        rule: "must not exceed the \(hold.open) units that hold \(id) still holds")
    }
    return missing(release.quantity, of: balance.qualityControl, "held", at: balance)
  }
}

extension Balance {
  /// Neither damaged nor held; promised or not.
  var usable: Int64 { onHand - damaged - qualityControl }
}

// MARK: Repetitions

extension StockCounted {
  func contradiction(with new: StockCounted) -> Reason? {
    var comparison = Comparison("count \(countID)")
    comparison.compare("sku", sku, new.sku)
    comparison.compare("location_id", locationID, new.locationID)
    comparison.compare("lot", lot, new.lot)
    comparison.compare("counted", counted, new.counted)
    comparison.compare("difference", difference, new.difference)
    comparison.compare("counted_at", countedAt.rfc3339, new.countedAt.rfc3339)
    comparison.compare(person: person, new.person)
    comparison.compare("reason_code", reasonCode, new.reasonCode)
    return comparison.contradiction
  }
}

extension StockAdjustmentRequested {
  func contradiction(with new: StockAdjustmentRequested) -> Reason? {
    var comparison = Comparison("adjustment \(adjustmentID)")
    comparison.compare("sku", sku, new.sku)
    comparison.compare("location_id", locationID, new.locationID)
    comparison.compare("lot", lot, new.lot)
    comparison.compare("kind", kind.rawValue, new.kind.rawValue)
    comparison.compare("quantity", quantity, new.quantity)
    comparison.compare("reason_code", reasonCode, new.reasonCode)
    comparison.compare(person: person, new.person)
    return comparison.contradiction
  }
}

extension QualityHeld {
  func contradiction(with new: QualityHeld) -> Reason? {
    var comparison = Comparison("hold \(holdID)")
    comparison.compare("sku", sku, new.sku)
    comparison.compare("location_id", locationID, new.locationID)
    comparison.compare("lot", lot, new.lot)
    comparison.compare("quantity", quantity, new.quantity)
    comparison.compare(person: person, new.person)
    comparison.compare("reason_code", reasonCode, new.reasonCode)
    return comparison.contradiction
  }

  /// A decision names the place of its hold.
  func contradiction(with release: QualityReleased) -> Reason? {
    var comparison = Comparison("hold \(holdID)")
    comparison.compare("sku", sku, release.sku)
    comparison.compare("location_id", locationID, release.locationID)
    comparison.compare("lot", lot, release.lot)
    return comparison.contradiction
  }
}

extension QualityReleased {
  func contradiction(with new: QualityReleased) -> Reason? {
    var comparison = Comparison("decision \(releaseID)")
    comparison.compare("hold_id", holdID, new.holdID)
    comparison.compare("sku", sku, new.sku)
    comparison.compare("location_id", locationID, new.locationID)
    comparison.compare("lot", lot, new.lot)
    comparison.compare("quantity", quantity, new.quantity)
    comparison.compare("to", to.rawValue, new.to.rawValue)
    comparison.compare(person: person, new.person)
    comparison.compare("reason_code", reasonCode, new.reasonCode)
    return comparison.contradiction
  }
}
