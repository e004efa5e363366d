import Contracts
import Messaging

extension WorkerManifest {
  /// The allocation-worker: orders, their reservations and backorders, and shipments.
  public static let allocation = WorkerManifest(
    consumer: "allocation", queue: "allocation",
    consumes: [
      .orderCreated, .orderCancelled, .orderConfirmed, .orderAmended, .holdDue, .shipmentDispatched, .shipmentStatus,
      .stockReceived, .stockMoved, .reservationReleased, .reservationExpired, .reservationBumped, .backordersDue,
      .shipmentStatusDue, .shipmentPlanFailed, .returnReceived, .stockReturned,
      .stockAdjusted, .stockTransferred,
    ],
    publishes: [
      .orderReserved, .orderPartiallyReserved, .orderBackordered, .orderRejected, .backorderCreated, .backorderFilled,
      .reservationReleased, .reservationExpired, .reservationBumped, .orderReplanned, .orderPartiallyShipped,
      .orderShipped, .orderFulfilled, .orderClosedCancelled, .shipmentInTransit, .shipmentDelivered, .shipmentFailed,
      .shipmentOverdue, .shipmentStatusDue, .backordersDue, .holdDue,
      .shipmentReplanned, .stockReturned, .stockLow, .stockOut, .stockRecovered,
    ],
    // Mostly nobody waits for what has come; a cancelled order gives back one promise, and closes.
    usually: [
      .orderCancelled: .applied(events: 2), .orderConfirmed: .applied(events: 0), .stockReceived: .unchanged,
      .stockMoved: .unchanged, .stockReturned: .unchanged, .stockAdjusted: .unchanged, .stockTransferred: .unchanged,
      .reservationReleased: .unchanged, .reservationExpired: .unchanged, .reservationBumped: .unchanged,
    ])
}
