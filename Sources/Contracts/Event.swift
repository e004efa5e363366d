/// One event of any type with its payload. Boxed, since an event is handed from one to the next many times, and each
/// time all texts of a payload would be counted.
public indirect enum Event: Hashable, Sendable {
  /// The catalogue has a product.
  case productRegistered(ProductRegistered)
  /// The catalogue says something else about a product.
  case productChanged(ProductChanged)
  /// A product is not to be sold any more.
  case productDiscontinued(ProductDiscontinued)
  /// A place that can hold stock.
  case locationRegistered(LocationRegistered)
  /// Safety stock and alert levels of a SKU, at one location or over all.
  case stockPolicySet(StockPolicySet)
  /// Stock arrived at a location.
  case goodsReceived(GoodsReceived)
  /// Move stock between two locations in one step.
  case stockMoveRequested(StockMoveRequested)
  /// Stock is on its way to another location.
  case transferDispatched(TransferDispatched)
  /// Stock of a transfer has arrived, in whole or in part.
  case transferReceived(TransferReceived)
  /// Somebody has looked how much is there.
  case stockCounted(StockCounted)
  /// Units were damaged, repaired, lost, thrown away or found.
  case stockAdjustmentRequested(StockAdjustmentRequested)
  /// Units wait for a decision about their quality and are not sold meanwhile.
  case qualityHeld(QualityHeld)
  /// It is decided what becomes of held units.
  case qualityReleased(QualityReleased)
  /// A customer ordered.
  case orderCreated(OrderCreated)
  /// What is not shipped is no longer wanted.
  case orderCancelled(OrderCancelled)
  /// A held order is meant.
  case orderConfirmed(OrderConfirmed)
  /// An order is wanted otherwise than it was created.
  case orderAmended(OrderAmended)
  /// Goods left the house.
  case shipmentDispatched(ShipmentDispatched)
  /// What was reserved at a location cannot be shipped from there.
  case shipmentPlanFailed(ShipmentPlanFailed)
  /// How a shipment fares, as its carrier says.
  case shipmentStatus(ShipmentStatus)
  /// Goods came back from a customer.
  case returnReceived(ReturnReceived)
  /// The product is in our catalogue.
  case productCreated(ProductCreated)
  /// Our catalogue has taken over a change.
  case productUpdated(ProductUpdated)
  /// A sweeper found a lot whose time is up.
  case lotsDue(LotsDue)
  /// The time of a lot is up; nothing of it is promised any more.
  case lotExpired(LotExpired)
  /// No order gets anything of the product from now on.
  case productRetired(ProductRetired)
  /// A receipt is booked.
  case stockReceived(StockReceived)
  /// Units that came back are booked.
  case stockReturned(StockReturned)
  /// Both legs of a move are booked.
  case stockMoved(StockMoved)
  /// Nothing was moved.
  case stockMoveRejected(StockMoveRejected)
  /// The whole order is reserved.
  case orderReserved(OrderAnswer)
  /// A part of the order is reserved, the rest waits or is cancelled.
  case orderPartiallyReserved(OrderAnswer)
  /// Nothing is reserved yet, the order waits for stock.
  case orderBackordered(OrderAnswer)
  /// The order was not accepted.
  case orderRejected(OrderRejected)
  /// A line waits for stock.
  case backorderCreated(BackorderCreated)
  /// Units that waited are reserved now.
  case backorderFilled(BackorderFilled)
  /// Stock rests that could fill backorders.
  case backordersDue(BackordersDue)
  /// Nothing was heard of a shipment for long.
  case shipmentStatusDue(ShipmentStatusDue)
  /// Reserved units are free again.
  case reservationReleased(ReservationReleased)
  /// A line of a transfer left or arrived.
  case stockTransferred(StockTransferred)
  /// A count, an adjustment or a decision about quality is booked.
  case stockAdjusted(StockAdjusted)
  /// Stock that was promised is not there any more.
  case reservationBumped(ReservationBumped)
  /// Reserved units are free again, because their order's hold was not confirmed.
  case reservationExpired(ReservationExpired)
  /// The time of an order's hold has come.
  case holdDue(HoldDue)
  /// The order was planned anew.
  case orderReplanned(OrderReplanned)
  /// A part of the order has left.
  case orderPartiallyShipped(OrderShipment)
  /// All that is left of the order has left.
  case orderShipped(OrderShipment)
  /// All of an order is delivered or cancelled.
  case orderFulfilled(OrderFulfilled)
  /// A shipment is on its way.
  case shipmentInTransit(ShipmentProgress)
  /// A shipment has arrived.
  case shipmentDelivered(ShipmentProgress)
  /// A shipment comes back undelivered; its units are planned anew.
  case shipmentFailed(ShipmentFailed)
  /// Nothing was heard of a shipment for long: once per shipment.
  case shipmentOverdue(ShipmentOverdue)
  /// Units that cannot be shipped as planned are planned anew, or given up.
  case shipmentReplanned(ShipmentReplanned)
  /// Nothing of the order is open any more, because it was cancelled.
  case orderClosedCancelled(OrderClosedCancelled)
  /// A SKU fell to its reorder point.
  case stockLow(StockLevel)
  /// Nothing of a SKU is available.
  case stockOut(StockLevel)
  /// A SKU is back at its recover point.
  case stockRecovered(StockLevel)
  /// The receiver's system took it.
  case notificationSent(NotificationSent)
  /// Given up after the last attempt.
  case notificationFailed(NotificationFailed)

  /// The event's name on the wire.
  public var type: EventType {
    switch self {
    case .productRegistered: .productRegistered
    case .productChanged: .productChanged
    case .productDiscontinued: .productDiscontinued
    case .locationRegistered: .locationRegistered
    case .stockPolicySet: .stockPolicySet
    case .goodsReceived: .goodsReceived
    case .stockMoveRequested: .stockMoveRequested
    case .transferDispatched: .transferDispatched
    case .transferReceived: .transferReceived
    case .stockCounted: .stockCounted
    case .stockAdjustmentRequested: .stockAdjustmentRequested
    case .qualityHeld: .qualityHeld
    case .qualityReleased: .qualityReleased
    case .orderCreated: .orderCreated
    case .orderCancelled: .orderCancelled
    case .orderConfirmed: .orderConfirmed
    case .orderAmended: .orderAmended
    case .shipmentDispatched: .shipmentDispatched
    case .shipmentPlanFailed: .shipmentPlanFailed
    case .shipmentStatus: .shipmentStatus
    case .returnReceived: .returnReceived
    case .productCreated: .productCreated
    case .productUpdated: .productUpdated
    case .lotsDue: .lotsDue
    case .lotExpired: .lotExpired
    case .productRetired: .productRetired
    case .stockReceived: .stockReceived
    case .stockReturned: .stockReturned
    case .stockMoved: .stockMoved
    case .stockMoveRejected: .stockMoveRejected
    case .orderReserved: .orderReserved
    case .orderPartiallyReserved: .orderPartiallyReserved
    case .orderBackordered: .orderBackordered
    case .orderRejected: .orderRejected
    case .backorderCreated: .backorderCreated
    case .backorderFilled: .backorderFilled
    case .backordersDue: .backordersDue
    case .shipmentStatusDue: .shipmentStatusDue
    case .reservationReleased: .reservationReleased
    case .stockTransferred: .stockTransferred
    case .stockAdjusted: .stockAdjusted
    case .reservationBumped: .reservationBumped
    case .reservationExpired: .reservationExpired
    case .holdDue: .holdDue
    case .orderReplanned: .orderReplanned
    case .orderPartiallyShipped: .orderPartiallyShipped
    case .orderShipped: .orderShipped
    case .orderFulfilled: .orderFulfilled
    case .shipmentInTransit: .shipmentInTransit
    case .shipmentDelivered: .shipmentDelivered
    case .shipmentFailed: .shipmentFailed
    case .shipmentOverdue: .shipmentOverdue
    case .shipmentReplanned: .shipmentReplanned
    case .orderClosedCancelled: .orderClosedCancelled
    case .stockLow: .stockLow
    case .stockOut: .stockOut
    case .stockRecovered: .stockRecovered
    case .notificationSent: .notificationSent
    case .notificationFailed: .notificationFailed
    }
  }
}
