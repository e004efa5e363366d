import Contracts
import Messaging

/// Who publishes and who consumes an event, by what workers and other systems declare.
struct Parties {
  let topology: Topology

  /// Names of those who publish it: other systems, then workers.
  func publishers(of type: EventType) -> [String] {
    topology.parties.filter { $0.publishes.contains(type) }.map(\.name)
      + topology.workers.filter { $0.publishes.contains(type) }.map { "\($0.consumer)-worker" }
  }

  /// Names of those who consume it: workers, then other systems.
  func consumers(of type: EventType) -> [String] {
    topology.workers.filter { $0.consumes.contains(type) }.map { "\($0.consumer)-worker" }
      + topology.parties.filter { $0.subscribes.contains(type) }.map(\.name)
  }
}

/// Which events may follow which: what somebody who publishes one can listen for.
public enum Answers {
  /// Events that a message of a type may cause directly, in the order in which they are declared.
  public static func to(_ type: EventType) -> [EventType] {
    let answers = Set(table[type] ?? [])
    return EventType.allCases.filter(answers.contains)
  }

  private static let levels: [EventType] = [.stockLow, .stockOut, .stockRecovered]
  private static let filling: [EventType] = [.backorderFilled, .orderReserved, .backordersDue] + levels

  private static let adjusting: [EventType] =
    [.stockAdjusted, .reservationBumped, .backorderCreated, .orderClosedCancelled, .orderFulfilled] + levels

  private static let table: [EventType: [EventType]] = [
    .productRegistered: [.productCreated],
    .productChanged: [.productUpdated],
    .productDiscontinued: [.productRetired],
    .stockPolicySet: levels,
    .goodsReceived: [.stockReceived] + levels,
    .stockMoveRequested: [.stockMoved, .stockMoveRejected] + levels,
    .stockCounted: adjusting,
    .stockAdjustmentRequested: adjusting,
    .qualityHeld: adjusting,
    .qualityReleased: [.stockAdjusted] + levels,
    .transferDispatched: [
      .stockTransferred, .reservationBumped, .backorderCreated, .orderClosedCancelled, .orderFulfilled,
    ] + levels,
    .transferReceived: [.stockTransferred] + levels,
    .orderCreated: [
      .orderReserved, .orderPartiallyReserved, .orderBackordered, .orderRejected, .backorderCreated,
    ] + levels,
    .orderCancelled: [.reservationReleased, .orderClosedCancelled, .orderFulfilled] + levels,
    .shipmentDispatched: [
      .orderPartiallyShipped, .orderShipped, .reservationReleased, .reservationBumped, .backorderCreated,
      .orderClosedCancelled,
    ] + levels,
    .shipmentPlanFailed: [
      .shipmentReplanned, .reservationReleased, .backorderCreated, .orderClosedCancelled, .orderFulfilled,
    ] + levels,
    .returnReceived: [.stockReturned] + levels,
    .stockReturned: filling,
    .shipmentStatus: [
      .shipmentInTransit, .shipmentDelivered, .shipmentFailed, .orderFulfilled, .backorderCreated,
    ] + levels,
    .shipmentStatusDue: [.shipmentOverdue],
    .lotsDue: [.lotExpired] + levels,
    .stockReceived: filling,
    .stockMoved: filling,
    .stockAdjusted: filling,
    .stockTransferred: filling,
    .reservationReleased: filling,
    .reservationBumped: filling,
    .backordersDue: filling,
  ]
}
