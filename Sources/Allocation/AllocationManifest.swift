import Contracts
import Messaging

extension WorkerManifest {
  /// The allocation-worker: orders, their reservations and backorders, and shipments.
  public static let allocation = WorkerManifest(
    consumer: "allocation", queue: "allocation",
    consumes: [
      .orderCreated, .orderCancelled, .shipmentDispatched, .shipmentStatus, .stockReceived, .stockMoved, .stockAdjusted,
      .reservationReleased, .reservationBumped, .backordersDue, .shipmentStatusDue,
      .shipmentPlanFailed, .returnReceived, .stockReturned,
    ],
    publishes: [
      .orderReserved, .orderPartiallyReserved, .orderBackordered, .orderRejected, .backorderCreated, .backorderFilled,
      .reservationReleased, .reservationBumped, .orderPartiallyShipped, .orderShipped, .orderFulfilled,
      .orderClosedCancelled,
      .shipmentInTransit, .shipmentDelivered, .shipmentFailed, .shipmentOverdue, .shipmentStatusDue, .backordersDue,
      .shipmentReplanned, .stockReturned,
      .stockLow, .stockOut, .stockRecovered,
    ])
}
