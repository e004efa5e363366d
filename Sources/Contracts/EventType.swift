/// The name of an event on the wire: its CloudEvents `type` and its routing key.
public enum EventType: String, CaseIterable, Hashable, Sendable {
  /// The catalogue has a product.
  case productRegistered = "product.registered"
  /// The catalogue says something else about a product.
  case productChanged = "product.changed"
  /// A product is not to be sold any more.
  case productDiscontinued = "product.discontinued"
  /// A place that can hold stock.
  case locationRegistered = "location.registered"
  /// Safety stock and alert levels of a SKU, at one location or over all.
  case stockPolicySet = "stock.policy.set"
  /// Stock arrived at a location.
  case goodsReceived = "goods.received"
  /// Move stock between two locations in one step.
  case stockMoveRequested = "stock.move.requested"
  /// Stock is on its way to another location.
  case transferDispatched = "transfer.dispatched"
  /// Stock of a transfer has arrived, in whole or in part.
  case transferReceived = "transfer.received"
  /// Somebody has looked how much is there.
  case stockCounted = "stock.counted"
  /// Units were damaged, repaired, lost, thrown away or found.
  case stockAdjustmentRequested = "stock.adjustment.requested"
  /// Units wait for a decision about their quality and are not sold meanwhile.
  case qualityHeld = "quality.held"
  /// It is decided what becomes of held units.
  case qualityReleased = "quality.released"
  /// A customer ordered.
  case orderCreated = "order.created"
  /// What is not shipped is no longer wanted.
  case orderCancelled = "order.cancelled"
  /// A held order is meant.
  case orderConfirmed = "order.confirmed"
  /// An order is wanted otherwise than it was created.
  case orderAmended = "order.amended"
  /// Goods left the house.
  case shipmentDispatched = "shipment.dispatched"
  /// What was reserved at a location cannot be shipped from there.
  case shipmentPlanFailed = "shipment.plan.failed"
  /// How a shipment fares, as its carrier says.
  case shipmentStatus = "shipment.status"
  /// Goods came back from a customer.
  case returnReceived = "return.received"
  /// The product is in our catalogue.
  case productCreated = "product.created"
  /// Our catalogue has taken over a change.
  case productUpdated = "product.updated"
  /// A sweeper found a lot whose time is up.
  case lotsDue = "lots.due"
  /// The time of a lot is up; nothing of it is promised any more.
  case lotExpired = "lot.expired"
  /// No order gets anything of the product from now on.
  case productRetired = "product.retired"
  /// A receipt is booked.
  case stockReceived = "stock.received"
  /// Units that came back are booked.
  case stockReturned = "stock.returned"
  /// Both legs of a move are booked.
  case stockMoved = "stock.moved"
  /// Nothing was moved.
  case stockMoveRejected = "stock.move.rejected"
  /// The whole order is reserved.
  case orderReserved = "order.reserved"
  /// A part of the order is reserved, the rest waits or is cancelled.
  case orderPartiallyReserved = "order.partially_reserved"
  /// Nothing is reserved yet, the order waits for stock.
  case orderBackordered = "order.backordered"
  /// The order was not accepted.
  case orderRejected = "order.rejected"
  /// A line waits for stock.
  case backorderCreated = "backorder.created"
  /// Units that waited are reserved now.
  case backorderFilled = "backorder.filled"
  /// Stock rests that could fill backorders.
  case backordersDue = "backorders.due"
  /// Nothing was heard of a shipment for long.
  case shipmentStatusDue = "shipment.status.due"
  /// Reserved units are free again.
  case reservationReleased = "reservation.released"
  /// A line of a transfer left or arrived.
  case stockTransferred = "stock.transferred"
  /// A count, an adjustment or a decision about quality is booked.
  case stockAdjusted = "stock.adjusted"
  /// Stock that was promised is not there any more.
  case reservationBumped = "reservation.bumped"
  /// Reserved units are free again, because their order's hold was not confirmed.
  case reservationExpired = "reservation.expired"
  /// The time of an order's hold has come.
  case holdDue = "hold.due"
  /// The order was planned anew.
  case orderReplanned = "order.replanned"
  /// A part of the order has left.
  case orderPartiallyShipped = "order.partially_shipped"
  /// All that is left of the order has left.
  case orderShipped = "order.shipped"
  /// All of an order is delivered or cancelled.
  case orderFulfilled = "order.fulfilled"
  /// A shipment is on its way.
  case shipmentInTransit = "shipment.in_transit"
  /// A shipment has arrived.
  case shipmentDelivered = "shipment.delivered"
  /// A shipment comes back undelivered; its units are planned anew.
  case shipmentFailed = "shipment.failed"
  /// Nothing was heard of a shipment for long: once per shipment.
  case shipmentOverdue = "shipment.overdue"
  /// Units that cannot be shipped as planned are planned anew, or given up.
  case shipmentReplanned = "shipment.replanned"
  /// Nothing of the order is open any more, because it was cancelled.
  case orderClosedCancelled = "order.closed_cancelled"
  /// A SKU fell to its reorder point.
  case stockLow = "stock.low"
  /// Nothing of a SKU is available.
  case stockOut = "stock.out"
  /// A SKU is back at its recover point.
  case stockRecovered = "stock.recovered"
  /// The receiver's system took it.
  case notificationSent = "notification.sent"
  /// Given up after the last attempt.
  case notificationFailed = "notification.failed"

  /// Version of the payload's meaning; a changed meaning is a new version.
  public var version: Int { 1 }

  /// Id of the JSON Schema that describes the whole message: `urn:tallyman:event:<type>:<version>`.
  public var schemaID: String {
    var text = TextWriter(capacity: 64)
    writeSchemaID(to: &text)
    return text.text
  }

  /// Writes ``schemaID``.
  func writeSchemaID(to text: inout TextWriter) {
    text.append("urn:tallyman:event:")
    text.append(rawValue)
    text.append(UInt8(ascii: ":"))
    text.append(decimal: Int64(version))
  }
}
