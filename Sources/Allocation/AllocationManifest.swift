import Contracts
import Messaging

extension WorkerManifest {
  /// The allocation-worker: orders, their reservations and backorders, and shipments.
  public static let allocation = WorkerManifest(
    consumer: "allocation", queue: "allocation",
    consumes: [
      .orderCreated, .orderCancelled, .shipmentDispatched, .stockReceived, .stockMoved, .reservationReleased,
      .reservationBumped, .backordersDue,
    ],
    publishes: [
      .orderReserved, .orderPartiallyReserved, .orderBackordered, .orderRejected, .backorderCreated, .backorderFilled,
      .reservationReleased, .orderPartiallyShipped, .orderShipped, .orderClosedCancelled, .backordersDue, .stockLow,
      .stockOut, .stockRecovered, .reservationBumped,
    ])
}
