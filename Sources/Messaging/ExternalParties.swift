import Contracts

/// A system of somebody else that publishes to Tallyman or listens to it, declared so that no event has only one end.
///
/// A party is also a user on the broker, with no more rights than its declaration needs.
public struct ExternalParty: Sendable, Hashable {
  /// The user on the broker, and the prefix of the queues it may declare for itself if it subscribes.
  public let name: String
  /// The events it sends us.
  public let publishes: [EventType]
  /// The events it listens to.
  public let subscribes: [EventType]

  /// A party's declaration.
  public init(name: String, publishes: [EventType] = [], subscribes: [EventType] = []) {
    self.name = name
    self.publishes = publishes
    self.subscribes = subscribes
  }
}

extension ExternalParty {
  /// Takes orders from customers.
  public static let shop = ExternalParty(
    name: "shop", publishes: [.orderCreated, .orderCancelled, .orderConfirmed, .orderAmended])

  /// Knows the products.
  public static let catalogue = ExternalParty(
    name: "catalogue", publishes: [.productRegistered, .productChanged, .productDiscontinued])

  /// Receives, moves and dispatches goods.
  public static let warehouse = ExternalParty(
    name: "warehouse",
    publishes: [
      .locationRegistered, .stockPolicySet, .goodsReceived, .stockMoveRequested, .stockCounted,
      .stockAdjustmentRequested, .qualityHeld, .qualityReleased, .transferDispatched, .transferReceived,
      .shipmentDispatched, .shipmentPlanFailed,
      .returnReceived,
    ])

  /// Takes shipments to customers.
  public static let carrier = ExternalParty(name: "carrier", publishes: [.shipmentStatus])

  /// Any system that listens, with queues of its own: the shop's order page, a replenishment planner, a data warehouse.
  /// What reaches nobody's queue ends in `unrouted`.
  public static let subscriber = ExternalParty(
    name: "subscriber",
    subscribes: [
      .productCreated, .productUpdated, .productRetired, .lotExpired, .stockReceived, .stockMoved, .stockMoveRejected,
      .orderReserved, .orderPartiallyReserved,
      .orderBackordered, .orderRejected, .backorderCreated, .backorderFilled, .reservationReleased,
      .reservationBumped, .reservationExpired, .orderReplanned, .orderPartiallyShipped, .orderShipped, .orderFulfilled,
      .orderClosedCancelled, .shipmentInTransit, .shipmentDelivered, .shipmentFailed, .shipmentOverdue,
      .shipmentReplanned, .stockReturned, .stockAdjusted, .stockTransferred, .stockLow,
      .stockOut, .stockRecovered,
      .notificationSent, .notificationFailed,
    ])

  /// All of them.
  public static let all: [ExternalParty] = [shop, catalogue, warehouse, carrier, subscriber]
}
