import Contracts
import Messaging
import Stock

// Units of an order that are to be served once more: from other stock, or by waiting for it.

/// What became of units that were planned anew.
struct Replanned {
  var reserved: Int64 = 0
  var backordered: Int64 = 0
  var cancelled: Int64 = 0
}

extension AllocationDecisions {
  /// Plans units of a line anew, which are in none of its quantities at the moment: what can be promised is reserved,
  /// the rest waits. Where the order must not wait, or was cancelled, it will not be delivered.
  ///
  /// Units that have been on their way are served one by one again, whatever the order's policy was at first.
  ///
  /// - Parameter origin: Where its line has just given the units back, if it has: the location gives only what no other
  ///   has, and the orders that wait have no more right to them than before.
  func replan(
    _ quantity: Int64, of line: OrderLine, _ order: Order, givenBackAt origin: LocationID? = nil
  ) -> Replanned {
    let cause = cause(order.id.value)
    guard !order.isClosed, !line.isClosed, let item = stock.item(line.sku) else {
      stock.cancel(quantity, of: line)
      stock.record(.cancelled, quantity, of: line, order, by: .requested, seeing: nil, cause)
      return Replanned(cancelled: quantity)
    }
    var planned = Replanned()
    let sight = sight(of: item, for: quantity, order)
    let promisable = origin == nil ? item.availableToPromise : quantity
    planned.reserved = reserve(
      min(quantity, promisable), for: line, item, order, avoiding: origin, cause)
    let missing = quantity - planned.reserved
    guard missing > 0 else { return planned }
    if order.allowsBackorder {
      stock.enqueue(missing, of: line, cause)
      planned.backordered = missing
    } else {
      stock.cancel(missing, of: line)
      planned.cancelled = missing
    }
    stock.record(
      order.allowsBackorder ? .backordered : .refused, missing, of: line, order, by: .short, seeing: sight, cause)
    return planned
  }

  /// The events about lines that have begun to wait.
  func backordersCreated(_ lines: [OrderLine], of order: Order) -> [OutgoingEvent] {
    lines.compactMap { line in
      guard let created = order.backorderCreated(line) else { return nil }
      return follow.event(.backorderCreated(created), order: order.id, sequence: order.nextSequence())
    }
  }
}
