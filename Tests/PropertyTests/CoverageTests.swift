import Contracts
import Messaging
import TestServers
import Testing

@testable import Stock

@LongComputation @Suite("What random histories are made of")
struct CoverageTests {
  /// How the messages of many histories ended.
  private struct Tally {
    var published = 0
    var outcomes: [Outcome: Int] = [:]

    /// Of a hundred that came to an end, how many took effect.
    var applied: Int {
      let ended = outcomes.reduce(0) { $1.key == .duplicate || $1.key == .retried ? $0 : $0 + $1.value }
      return ended == 0 ? 0 : 100 * (outcomes[.applied] ?? 0) / ended
    }
  }

  private static let histories = 500

  /// Messages of one type that mean different things are told apart.
  private static func name(_ event: Event) -> String {
    switch event {
    case .orderCancelled(let cancellation) where cancellation.lines != nil: "order.cancelled by line"
    case .orderCreated(let order) where order.expiresAt != nil: "order.created as a hold"
    case .orderCreated(let order) where order.locationPolicy.map { $0 != .mostStock } ?? false:
      "order.created \(order.locationPolicy?.rawValue ?? "")"
    case .orderCreated(let order) where order.policy != .partial: "order.created \(order.policy.rawValue)"
    case .goodsReceived(let receipt) where receipt.lot != nil: "goods.received of a lot"
    case .goodsReceived(let receipt) where receipt.barcode != nil: "goods.received by barcode"
    case .goodsReceived(let receipt) where receipt.unit != nil: "goods.received in a unit"
    case .stockCounted(let count): count.counted == nil ? "stock.counted by difference" : "stock.counted"
    case .stockAdjustmentRequested(let request): "adjustment \(request.kind.rawValue)"
    case .transferReceived(let arrival): arrival.isFinal ? "transfer.received finally" : "transfer.received"
    case .qualityReleased(let release): release.holdID == nil ? "quality.released" : "quality.released of a hold"
    case .shipmentPlanFailed(let failure): "shipment.plan.failed \(failure.action.rawValue)"
    case .returnReceived(let request):
      request.orderID != nil || request.shipmentID != nil ? "return.received of an order" : "return.received"
    case .shipmentStatus(let status): "shipment.status \(status.status.rawValue)"
    default: event.type.rawValue
    }
  }

  private static func tally() throws -> (said: [String: Tally], follow: [EventType: Int]) {
    var said: [String: Tally] = [:]
    var follow: [EventType: Int] = [:]
    for seed in 1...UInt64(histories) {
      let history = Generator.history(seed: seed)
      for step in history.steps { said[name(step.event), default: Tally()].published += 1 }
      let world = try history.world()
      for ending in world.endings {
        said[name(ending.message.event), default: Tally()].outcomes[ending.outcome, default: 0] += 1
      }
      for event in world.published { follow[event.event.type, default: 0] += 1 }
    }
    return (said, follow)
  }

  /// At least so many of a hundred take effect; and each kind comes at least so often in a hundred histories.
  private static let wanted: [(name: String, applied: Int, often: Int)] = [
    ("order.created", 60, 60), ("order.created line_complete", 60, 30), ("order.created ship_complete", 60, 30),
    ("order.created as a hold", 60, 60), ("order.confirmed", 25, 20), ("order.amended", 40, 60),
    ("order.cancelled", 35, 60), ("order.cancelled by line", 40, 50),
    ("goods.received", 80, 100), ("goods.received of a lot", 70, 80), ("goods.received by barcode", 40, 10),
    ("goods.received in a unit", 40, 10), ("stock.move.requested", 70, 60), ("stock.policy.set", 50, 50),
    ("transfer.dispatched", 40, 40), ("transfer.received", 50, 15), ("transfer.received finally", 50, 4),
    ("order.created nearest", 60, 8), ("order.created fewest_splits", 60, 8), ("order.created fixed_priority", 60, 8),
    ("stock.counted", 50, 40), ("stock.counted by difference", 40, 15), ("adjustment damage", 50, 15),
    ("adjustment repair", 30, 2), ("adjustment scrap", 30, 2), ("adjustment write_off", 50, 8),
    ("adjustment found", 60, 8), ("quality.held", 40, 30), ("quality.released", 25, 10),
    ("quality.released of a hold", 60, 8), ("return.received", 60, 10), ("return.received of an order", 50, 15),
    ("shipment.plan.failed replan", 40, 20), ("shipment.plan.failed release", 40, 15), ("shipment.dispatched", 40, 90),
    ("shipment.status DELIVERED", 30, 30), ("shipment.status FAILED", 15, 15), ("shipment.status IN_TRANSIT", 40, 15),
    ("product.changed", 30, 20), ("product.discontinued", 50, 15), ("product.registered", 40, 150),
  ]

  @Test("each kind of message comes often, and a decent share of them takes effect")
  func frequencies() throws {
    let (said, follow) = try Self.tally()
    for (name, applied, often) in Self.wanted {
      let tally = said[name] ?? Tally()
      #expect(tally.applied >= applied, "\(name): \(tally)")
      #expect(100 * tally.published / Self.histories >= often, "\(name): \(tally)")
    }
    for type in Self.following { #expect(follow[type, default: 0] > 5, "\(type): \(follow[type, default: 0])") }
    for (name, outcomes) in Self.endings {
      for outcome in outcomes { #expect(said[name]?.outcomes[outcome] ?? 0 > 0, "\(name): \(outcome)") }
    }
  }

  /// What has to follow now and then.
  private static let following: [EventType] = [
    .orderReserved, .orderPartiallyReserved, .orderBackordered, .orderRejected, .orderReplanned, .orderFulfilled,
    .orderClosedCancelled, .backorderCreated, .backorderFilled, .reservationReleased, .reservationExpired,
    .reservationBumped, .shipmentReplanned, .shipmentFailed, .shipmentOverdue, .stockReturned, .stockAdjusted,
    .lotExpired, .stockTransferred, .productCreated, .productUpdated, .productRetired, .stockLow, .stockOut,
    .stockRecovered,
  ]

  /// In which ways messages have to end.
  private static let endings: [(name: String, outcomes: Set<Outcome>)] = [
    ("product.registered", [.applied, .unchanged, .duplicate, .deadLettered]), ("location.registered", [.applied]),
    ("stock.policy.set", [.applied, .retried]), ("goods.received", [.applied, .duplicate, .retried]),
    ("goods.received of a lot", [.applied]), ("goods.received by barcode", [.retried]),
    ("stock.move.requested", [.applied, .retried]), ("order.created", [.applied, .duplicate, .retried]),
    ("order.cancelled", [.applied, .unchanged, .deadLettered]),
    ("order.cancelled by line", [.applied, .unchanged, .retried, .deadLettered]),
    ("order.amended", [.applied, .unchanged, .retried, .deadLettered]),
    ("order.confirmed", [.applied, .unchanged, .retried, .deadLettered]),
    ("shipment.dispatched", [.applied, .retried]), ("stock.counted", [.applied, .retried]),
    ("return.received of an order", [.applied, .retried]), ("quality.released of a hold", [.applied]),
    ("shipment.plan.failed replan", [.applied, .retried]), ("stock.received", [.applied, .unchanged]),
    ("stock.moved", [.applied, .unchanged]),
    ("transfer.dispatched", [.applied, .retried]), ("transfer.received", [.applied, .retried, .deadLettered]),
    ("stock.transferred", [.applied, .unchanged]), ("stock.adjusted", [.applied, .unchanged]),
    ("reservation.released", [.applied, .unchanged]), ("hold.due", [.applied]), ("lots.due", [.applied]),
  ]
}
