extension Event {
  /// Reads the payload of an event of `type`, the object that comes next.
  public init(_ type: EventType, decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    switch type {
    case .productRegistered: self = .productRegistered(try ProductRegistered(decoding: &json, bytes))
    case .productChanged: self = .productChanged(try ProductChanged(decoding: &json, bytes))
    case .productDiscontinued: self = .productDiscontinued(try ProductDiscontinued(decoding: &json, bytes))
    case .locationRegistered: self = .locationRegistered(try LocationRegistered(decoding: &json, bytes))
    case .stockPolicySet: self = .stockPolicySet(try StockPolicySet(decoding: &json, bytes))
    case .goodsReceived: self = .goodsReceived(try GoodsReceived(decoding: &json, bytes))
    case .stockMoveRequested: self = .stockMoveRequested(try StockMoveRequested(decoding: &json, bytes))
    case .transferDispatched: self = .transferDispatched(try TransferDispatched(decoding: &json, bytes))
    case .transferReceived: self = .transferReceived(try TransferReceived(decoding: &json, bytes))
    case .stockCounted: self = .stockCounted(try StockCounted(decoding: &json, bytes))
    case .stockAdjustmentRequested:
      self = .stockAdjustmentRequested(try StockAdjustmentRequested(decoding: &json, bytes))
    case .qualityHeld: self = .qualityHeld(try QualityHeld(decoding: &json, bytes))
    case .qualityReleased: self = .qualityReleased(try QualityReleased(decoding: &json, bytes))
    case .orderCreated: self = .orderCreated(try OrderCreated(decoding: &json, bytes))
    case .orderCancelled: self = .orderCancelled(try OrderCancelled(decoding: &json, bytes))
    case .orderConfirmed: self = .orderConfirmed(try OrderConfirmed(decoding: &json, bytes))
    case .orderAmended: self = .orderAmended(try OrderAmended(decoding: &json, bytes))
    case .shipmentDispatched: self = .shipmentDispatched(try ShipmentDispatched(decoding: &json, bytes))
    case .shipmentPlanFailed: self = .shipmentPlanFailed(try ShipmentPlanFailed(decoding: &json, bytes))
    case .shipmentStatus: self = .shipmentStatus(try ShipmentStatus(decoding: &json, bytes))
    case .returnReceived: self = .returnReceived(try ReturnReceived(decoding: &json, bytes))
    case .productCreated: self = .productCreated(try ProductCreated(decoding: &json, bytes))
    case .productUpdated: self = .productUpdated(try ProductUpdated(decoding: &json, bytes))
    case .lotsDue: self = .lotsDue(try LotsDue(decoding: &json, bytes))
    case .lotExpired: self = .lotExpired(try LotExpired(decoding: &json, bytes))
    case .productRetired: self = .productRetired(try ProductRetired(decoding: &json, bytes))
    case .stockReceived: self = .stockReceived(try StockReceived(decoding: &json, bytes))
    case .stockReturned: self = .stockReturned(try StockReturned(decoding: &json, bytes))
    case .stockMoved: self = .stockMoved(try StockMoved(decoding: &json, bytes))
    case .stockMoveRejected: self = .stockMoveRejected(try StockMoveRejected(decoding: &json, bytes))
    case .orderReserved: self = .orderReserved(try OrderAnswer(decoding: &json, bytes))
    case .orderPartiallyReserved: self = .orderPartiallyReserved(try OrderAnswer(decoding: &json, bytes))
    case .orderBackordered: self = .orderBackordered(try OrderAnswer(decoding: &json, bytes))
    case .orderRejected: self = .orderRejected(try OrderRejected(decoding: &json, bytes))
    case .backorderCreated: self = .backorderCreated(try BackorderCreated(decoding: &json, bytes))
    case .backorderFilled: self = .backorderFilled(try BackorderFilled(decoding: &json, bytes))
    case .backordersDue: self = .backordersDue(try BackordersDue(decoding: &json, bytes))
    case .shipmentStatusDue: self = .shipmentStatusDue(try ShipmentStatusDue(decoding: &json, bytes))
    case .reservationReleased: self = .reservationReleased(try ReservationReleased(decoding: &json, bytes))
    case .stockTransferred: self = .stockTransferred(try StockTransferred(decoding: &json, bytes))
    case .stockAdjusted: self = .stockAdjusted(try StockAdjusted(decoding: &json, bytes))
    case .reservationBumped: self = .reservationBumped(try ReservationBumped(decoding: &json, bytes))
    case .reservationExpired: self = .reservationExpired(try ReservationExpired(decoding: &json, bytes))
    case .holdDue: self = .holdDue(try HoldDue(decoding: &json, bytes))
    case .orderReplanned: self = .orderReplanned(try OrderReplanned(decoding: &json, bytes))
    case .orderPartiallyShipped: self = .orderPartiallyShipped(try OrderShipment(decoding: &json, bytes))
    case .orderShipped: self = .orderShipped(try OrderShipment(decoding: &json, bytes))
    case .orderFulfilled: self = .orderFulfilled(try OrderFulfilled(decoding: &json, bytes))
    case .shipmentInTransit: self = .shipmentInTransit(try ShipmentProgress(decoding: &json, bytes))
    case .shipmentDelivered: self = .shipmentDelivered(try ShipmentProgress(decoding: &json, bytes))
    case .shipmentFailed: self = .shipmentFailed(try ShipmentFailed(decoding: &json, bytes))
    case .shipmentOverdue: self = .shipmentOverdue(try ShipmentOverdue(decoding: &json, bytes))
    case .shipmentReplanned: self = .shipmentReplanned(try ShipmentReplanned(decoding: &json, bytes))
    case .orderClosedCancelled: self = .orderClosedCancelled(try OrderClosedCancelled(decoding: &json, bytes))
    case .stockLow: self = .stockLow(try StockLevel(decoding: &json, bytes))
    case .stockOut: self = .stockOut(try StockLevel(decoding: &json, bytes))
    case .stockRecovered: self = .stockRecovered(try StockLevel(decoding: &json, bytes))
    case .notificationSent: self = .notificationSent(try NotificationSent(decoding: &json, bytes))
    case .notificationFailed: self = .notificationFailed(try NotificationFailed(decoding: &json, bytes))
    }
  }

  /// The payload alone, whatever its type.
  public var payload: any Payload {
    switch self {
    case .productRegistered(let payload): payload
    case .productChanged(let payload): payload
    case .productDiscontinued(let payload): payload
    case .locationRegistered(let payload): payload
    case .stockPolicySet(let payload): payload
    case .goodsReceived(let payload): payload
    case .stockMoveRequested(let payload): payload
    case .transferDispatched(let payload): payload
    case .transferReceived(let payload): payload
    case .stockCounted(let payload): payload
    case .stockAdjustmentRequested(let payload): payload
    case .qualityHeld(let payload): payload
    case .qualityReleased(let payload): payload
    case .orderCreated(let payload): payload
    case .orderCancelled(let payload): payload
    case .orderConfirmed(let payload): payload
    case .orderAmended(let payload): payload
    case .shipmentDispatched(let payload): payload
    case .shipmentPlanFailed(let payload): payload
    case .shipmentStatus(let payload): payload
    case .returnReceived(let payload): payload
    case .productCreated(let payload): payload
    case .productUpdated(let payload): payload
    case .lotsDue(let payload): payload
    case .lotExpired(let payload): payload
    case .productRetired(let payload): payload
    case .stockReceived(let payload): payload
    case .stockReturned(let payload): payload
    case .stockMoved(let payload): payload
    case .stockMoveRejected(let payload): payload
    case .orderReserved(let payload): payload
    case .orderPartiallyReserved(let payload): payload
    case .orderBackordered(let payload): payload
    case .orderRejected(let payload): payload
    case .backorderCreated(let payload): payload
    case .backorderFilled(let payload): payload
    case .backordersDue(let payload): payload
    case .shipmentStatusDue(let payload): payload
    case .reservationReleased(let payload): payload
    case .stockTransferred(let payload): payload
    case .stockAdjusted(let payload): payload
    case .reservationBumped(let payload): payload
    case .reservationExpired(let payload): payload
    case .holdDue(let payload): payload
    case .orderReplanned(let payload): payload
    case .orderPartiallyShipped(let payload): payload
    case .orderShipped(let payload): payload
    case .orderFulfilled(let payload): payload
    case .shipmentInTransit(let payload): payload
    case .shipmentDelivered(let payload): payload
    case .shipmentFailed(let payload): payload
    case .shipmentOverdue(let payload): payload
    case .shipmentReplanned(let payload): payload
    case .orderClosedCancelled(let payload): payload
    case .stockLow(let payload): payload
    case .stockOut(let payload): payload
    case .stockRecovered(let payload): payload
    case .notificationSent(let payload): payload
    case .notificationFailed(let payload): payload
    }
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    switch self {
    // Most of all events: written without the box that `any Payload` would need.
    case .orderReserved(let answer), .orderPartiallyReserved(let answer), .orderBackordered(let answer):
      answer.encode(to: &json)
    default: payload.encode(to: &json)
    }
  }
}
