import Contracts
import Messaging

extension WorkerManifest {
  /// The inventory-worker: the catalogue, receipts, moves and stock policies.
  public static let inventory = WorkerManifest(
    consumer: "inventory", queue: "inventory",
    consumes: [
      .productRegistered, .productChanged, .productDiscontinued, .locationRegistered, .stockPolicySet, .goodsReceived,
      .stockMoveRequested, .stockCounted, .stockAdjustmentRequested, .qualityHeld, .qualityReleased,
      .transferDispatched, .transferReceived, .lotsDue,
    ],
    publishes: [
      .productCreated, .productUpdated, .productRetired, .lotsDue, .lotExpired, .stockReceived, .stockMoved,
      .stockMoveRejected,
      .stockAdjusted, .stockTransferred, .stockLow, .stockOut, .stockRecovered, .reservationBumped, .backorderCreated,
      .orderClosedCancelled, .orderFulfilled,
    ],
    usually: [.locationRegistered: .applied(events: 0), .stockPolicySet: .applied(events: 0)])
}
