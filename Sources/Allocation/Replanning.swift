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

/// What an order has given back of a SKU to be planned anew.
struct GivenBack {
  /// Locations that cannot ship it: they give only what no other has.
  var refused: Set<LocationID> = []
  /// Units that may be promised to it: what could be before, and what has become free by giving back. The orders that
  /// wait have no more right to that than before; but of a lot that has expired meanwhile nothing becomes free.
  var promisable: Int64
}

extension AllocationDecisions {
  /// Plans units of a line anew, which are in none of its quantities at the moment: what can be promised is reserved,
  /// the rest waits. Where the order must not wait, or was cancelled, it will not be delivered; nor will units that
  /// somebody has called off, which had left all the same.
  ///
  /// Units that have been on their way are served one by one again, whatever the order's policy was at first.
  ///
  /// - Parameter given: What the order has just given back of the SKU, if it has.
  func replan(_ quantity: Int64, of line: OrderLine, _ order: Order, with given: GivenBack? = nil) -> Replanned {
    let cause = cause(order.id.value)
    let item = order.isClosed ? nil : stock.item(line.sku)
    let wanted = item == nil ? 0 : min(quantity, max(0, line.wanted(of: line.ordered) - line.open))
    if wanted < quantity {
      stock.cancel(quantity - wanted, of: line)
      stock.record(.cancelled, quantity - wanted, of: line, order, by: .requested, seeing: nil, cause)
    }
    guard let item, wanted > 0 else { return Replanned(cancelled: quantity) }
    var planned = plan(wanted, of: line, item, order, given, cause)
    planned.cancelled += quantity - wanted
    return planned
  }

  private func plan(
    _ quantity: Int64, of line: OrderLine, _ item: StockItem, _ order: Order, _ given: GivenBack?, _ cause: Cause
  ) -> Replanned {
    var planned = Replanned()
    let sight = sight(of: item, for: quantity, order)
    let promisable = given?.promisable ?? item.availableToPromise
    planned.reserved = reserve(
      min(quantity, promisable), for: line, item, order, avoiding: given?.refused ?? [], cause)
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
