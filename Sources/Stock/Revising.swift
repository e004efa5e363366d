import Contracts

// What changes an order after it was placed: cancellations of lines, amendments, the end of a hold.

extension WorkingSet {
  /// Takes open units of a line back, which count as cancelled: first what waits, then promises, the last made first.
  ///
  /// - Parameters:
  ///   - units: How many; no more than are open.
  ///   - line: Of which line.
  ///   - ending: What is said to have become of the promises: released or expired.
  ///   - cause: The message.
  /// - Returns: What was promised where, in the order in which it was given back.
  public func withdraw(
    _ units: Int64, of line: OrderLine, as ending: Reservation.State = .released, _ cause: Cause
  ) -> [LocationQuantity] {
    var left = units - cancelBackorder(of: line, upTo: units, cause)
    var released: [LocationQuantity] = []
    for index in line.promises.indices.reversed() where left > 0 {
      let quantity = release(index, of: line, upTo: left, as: ending, cause)
      guard quantity > 0 else { continue }
      left -= quantity
      released.append(LocationQuantity(locationID: line.promises[index].location, quantity: quantity))
    }
    return released
  }

  /// Remembers that somebody does not want so many units of a line any more, whatever an amendment says.
  public func callOff(_ units: Int64, of line: OrderLine) {
    line.calledOff += units
    line.isChanged = true
    line.isRevised = true
  }

  /// Remembers that somebody wants nothing more of a line, whatever an amendment says.
  public func closeLine(_ line: OrderLine) {
    line.isClosed = true
    line.isChanged = true
    line.isRevised = true
  }

  /// States a line's quantity anew. What is neither open nor shipped counts as cancelled until it is placed.
  ///
  /// - Parameters:
  ///   - line: Of which no more is open or shipped.
  ///   - ordered: Its quantity from now on; 0 takes it out of the order.
  public func restate(_ line: OrderLine, ordered: Int64) {
    guard ordered != line.ordered else { return }
    if line.placed == nil { line.placed = line.ordered }
    line.quantities.ordered = ordered
    line.quantities.cancelled = ordered - line.open - line.shipped
    line.isChanged = true
    line.isRevised = true
  }

  /// Makes units of a line that counted as cancelled wanted again; whoever calls it reserves, enqueues or cancels them.
  public func reopen(_ units: Int64, of line: OrderLine) {
    line.quantities.cancelled -= units
    line.isChanged = true
  }

  /// Adds a line that the order did not have; nothing of it is placed yet.
  public func addLine(_ number: Int32, _ sku: SKU, to order: Order) -> OrderLine {
    let line = OrderLine(
      number: number, sku: sku, ordered: 0, placed: 0, isDivisible: order.terms.policy == .partial, isNew: true)
    line.isRevised = true
    order.parts.append(line)
    order.parts.sort { $0.number < $1.number }
    order.isChanged = true
    return line
  }

  /// The order is as this amendment says.
  public func setRevision(_ revision: Int64, of order: Order) {
    order.revision = revision
    order.isChanged = true
    order.isRevised = true
  }

  /// The hold is over: it was confirmed, or nothing is left to hold.
  public func endHold(of order: Order) {
    guard order.holdUntil != nil else { return }
    order.holdUntil = nil
    order.isChanged = true
    order.isRevised = true
  }
}
