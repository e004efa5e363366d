import Contracts
import Messaging
import Stock

// transfer.dispatched, transfer.received: two steps through a place of their own, so that totals are conserved.

extension InventoryDecisions {
  func dispatch(_ transfer: TransferDispatched) -> Disposition {
    if let known = state.transfers.known[transfer.transferID] {
      guard let contradiction = known.paper.contradiction(with: transfer) else {
        return .unchanged("the transfer is on its way already")
      }
      return .notApplied(contradiction)
    }
    if let reason = obstacle(to: transfer) { return .notApplied(reason) }
    let cause = cause(transfer.transferID.value)
    let record = Transfer(paper: transfer, message: name)
    var events: [OutgoingEvent] = []
    for line in record.lines {
      if let there = stock.balance(at: transfer.place(line.paper, at: transfer.toLocationID)) {
        stock.expectGoods(at: there)
      }
      guard let step = step(line, of: transfer, from: transfer.fromLocationID, to: .inTransit) else { continue }
      events += publish(stock.dispatch(line.paper.quantity, from: step.from, toTransit: step.to, cause))
      events.append(told(line, step, line.paper.quantity, of: record))
    }
    state.transfers.known[transfer.transferID] = record
    state.transfers.new.append(transfer.transferID)
    return .applied(events)
  }

  /// What keeps a transfer from being booked; the lines of one place together. Nothing has been changed yet.
  private func obstacle(to transfer: TransferDispatched) -> Reason? {
    var leaving: [WorkingSet.Place: Int64] = [:]
    for (index, line) in transfer.lines.enumerated() {
      guard let item = stock.item(line.sku), item.isRegistered else {
        return Reason(
          .unknownSKU, field: "data.lines[\(index)].sku", value: line.sku.value,
          rule: "must be registered by product.registered")
      }
      let place = transfer.place(line, at: transfer.fromLocationID)
      guard let from = stock.balance(at: place) else {
        return unknownLocation("from_location_id", transfer.fromLocationID)
      }
      guard stock.balance(at: transfer.place(line, at: transfer.toLocationID)) != nil,
        let transit = stock.balance(at: transfer.place(line, at: .inTransit))
      else { return unknownLocation("to_location_id", transfer.toLocationID) }
      leaving[place, default: 0] += line.quantity
      // The receipt of what has left may be booked a moment later: first the retry tiers.
      guard leaving[place, default: 0] <= from.usable else {
        return Reason(
          .notThere, field: "data.lines[\(index)].quantity", value: "\(line.quantity)",
          rule: "must not exceed, with the lines before it, the \(from.usable) usable units at \(from.location)"
            + lotWords(from))
      }
      if let reason = tooMuch(leaving[place, default: 0], at: transit, line: index) { return reason }
    }
    return nil
  }

  // MARK: Arrivals

  func receive(_ arrival: TransferReceived) -> Disposition {
    if let known = state.transfers.knownArrivals[arrival.arrivalID] {
      guard let contradiction = known.contradiction(with: arrival) else {
        return .unchanged("the arrival is booked already")
      }
      return .notApplied(contradiction)
    }
    guard var transfer = state.transfers.known[arrival.transferID] else {
      return .notApplied(
        Reason(
          .unknownTransfer, field: "data.transfer_id", value: arrival.transferID.value,
          rule: "must be a transfer dispatched before"))
    }
    if let reason = obstacle(to: arrival, transfer) { return .notApplied(reason) }
    let record = ArrivalRecord(paper: arrival, message: name, lines: transfer.settle(arrival))
    state.transfers.known[arrival.transferID] = transfer
    state.transfers.changed.insert(arrival.transferID)
    state.transfers.knownArrivals[arrival.arrivalID] = arrival
    state.transfers.newArrivals.append(record)
    return .applied(record.lines.compactMap { book($0, of: arrival, transfer) })
  }

  private func obstacle(to arrival: TransferReceived, _ transfer: Transfer) -> Reason? {
    var settled: [Int32: Int64] = [:]
    var arriving: [WorkingSet.Place: Int64] = [:]
    for (index, part) in arrival.lines.enumerated() {
      let path = "data.lines[\(index)]"
      guard let line = transfer.line(part.line) else {
        return Reason(
          .wrongLine, field: "\(path).line", value: "\(part.line)",
          rule: "must be a line of transfer \(transfer.paper.transferID)")
      }
      if let sku = part.sku, sku != line.paper.sku {
        return Reason(
          .wrongLine, field: "\(path).sku", value: sku.value, rule: "must be \(line.paper.sku), the line's SKU")
      }
      settled[part.line, default: 0] += part.quantity + part.lost
      guard settled[part.line, default: 0] <= line.unaccounted else {
        return Reason(
          .moreThanInTransit, field: "\(path).quantity", value: "\(part.quantity)",
          rule: "must not exceed, with what is lost, the \(line.unaccounted) units of the line that neither arrived "
            + "nor were named as lost")
      }
      let place = transfer.paper.place(line.paper, at: transfer.paper.toLocationID)
      arriving[place, default: 0] += part.quantity
      if let balance = stock.balance(at: place),
        let reason = tooMuch(arriving[place, default: 0], at: balance, line: index)
      {
        return reason
      }
    }
    return nil
  }

  private func tooMuch(_ quantity: Int64, at balance: Balance, line index: Int) -> Reason? {
    guard balance.onHand > WorkingSet.maximumOnHand - quantity else { return nil }
    return Reason(
      .tooMuchStock, field: "data.lines[\(index)].quantity", value: "\(quantity)",
      rule: "must not raise the stock at \(balance.location) above \(WorkingSet.maximumOnHand)")
  }

  private func book(_ part: ArrivalRecord.Line, of arrival: TransferReceived, _ transfer: Transfer) -> OutgoingEvent? {
    guard let line = transfer.line(part.line),
      let step = step(line, of: transfer.paper, from: .inTransit, to: transfer.paper.toLocationID)
    else { return nil }
    stock.arrive(
      part.quantity, lost: part.writtenOff, fromTransit: step.from, at: step.to, cause(arrival.arrivalID.value))
    return told(line, step, part.quantity, of: transfer, by: arrival.arrivalID)
  }

  // MARK: Both

  /// One of the two steps of a line: from where to where.
  private struct Step {
    let item: StockItem
    let from: Balance
    let to: Balance
  }

  /// Nil for what was refused before.
  private func step(
    _ line: Transfer.Line, of transfer: TransferDispatched, from: LocationID, to: LocationID
  ) -> Step? {
    guard let item = stock.item(line.paper.sku), let from = stock.balance(at: transfer.place(line.paper, at: from)),
      let to = stock.balance(at: transfer.place(line.paper, at: to))
    else { return nil }
    return Step(item: item, from: from, to: to)
  }

  private func told(
    _ line: Transfer.Line, _ step: Step, _ quantity: Int64, of transfer: Transfer, by arrival: ArrivalID? = nil
  ) -> OutgoingEvent {
    let id = transfer.paper.transferID
    let event = StockTransferred(
      transferID: id, arrivalID: arrival, line: line.paper.line, sku: line.paper.sku, lot: line.paper.lot,
      fromLocationID: step.from.location, toLocationID: step.to.location, quantity: quantity, lost: line.lost,
      inTransit: line.open, state: transfer.state)
    return follow.event(
      .stockTransferred(event), sku: line.paper.sku, sequence: step.item.nextSequence(), correlation: id.value)
  }
}

extension TransferDispatched {
  /// Where a line's stock is at a step of its way.
  func place(_ line: Line, at location: LocationID) -> WorkingSet.Place {
    WorkingSet.Place(line.sku, location, lot: line.lot)
  }

  func contradiction(with new: TransferDispatched) -> Reason? {
    var comparison = Comparison("transfer \(transferID)")
    comparison.compare("from_location_id", fromLocationID, new.fromLocationID)
    comparison.compare("to_location_id", toLocationID, new.toLocationID)
    comparison.compare(lines: parts, new.parts)
    comparison.compare("reference", reference, new.reference)
    comparison.compare(person: person, new.person)
    return comparison.contradiction
  }

  private var parts: Repeated.Parts {
    lines.map { ("\($0.sku)\($0.lot.map { " lot \($0)" } ?? "") in line \($0.line)", $0.quantity) }
  }
}

extension TransferReceived {
  func contradiction(with new: TransferReceived) -> Reason? {
    var comparison = Comparison("arrival \(arrivalID)")
    comparison.compare("transfer_id", transferID, new.transferID)
    comparison.compare(lines: parts, new.parts)
    comparison.compare("final", isFinal, new.isFinal)
    comparison.compare(person: person, new.person)
    return comparison.contradiction
  }

  /// Its lines, one for each of the transfer's, without what says nothing.
  var sums: [Int32: (quantity: Int64, lost: Int64)] {
    var sums: [Int32: (quantity: Int64, lost: Int64)] = [:]
    for line in lines where line.quantity > 0 || line.lost > 0 {
      let sum = sums[line.line] ?? (0, 0)
      sums[line.line] = (sum.quantity + line.quantity, sum.lost + line.lost)
    }
    return sums
  }

  private var parts: Repeated.Parts {
    sums.flatMap { number, sum in
      [("line \(number)", sum.quantity), ("line \(number) as lost", sum.lost)].filter { $0.1 > 0 }
    }
  }
}
