import Contracts
import Messaging

/// How much of a SKU a batch's other messages may reserve before a shipment of it is decided: what is free when all is
/// locked may be promised by then.
struct Reserving {
  private var ordered: [SKU: Int64] = [:]
  /// Whether some of it cannot be foreseen: of what is planned anew, amended, or filled as a whole.
  private var isOpen = false
  private var filled: Set<SKU> = []

  /// Of a batch with a shipment; no other asks.
  init() {}

  init(_ messages: [Message], filling: Set<SKU>, blocked: Set<OrderID>) {
    filled = filling
    isOpen = !blocked.isEmpty
    for message in messages {
      switch message.event {
      case .orderCreated(let order):
        for line in order.lines { ordered[line.sku, default: 0] += line.quantity }
      case .orderAmended, .shipmentPlanFailed, .shipmentStatus: isOpen = true
      default: break
      }
    }
  }

  /// Units at most; nil if that is not known.
  func most(of sku: SKU) -> Int64? { isOpen || filled.contains(sku) ? nil : ordered[sku, default: 0] }
}
