import Contracts
import Messaging
import Stock

/// The rules of the allocation-worker. No I/O: they read and change the state that was loaded under locks.
struct AllocationDecisions {
  let state: AllocationState
  let message: Message
  let now: Timestamp

  var stock: WorkingSet { state.stock }
  var follow: FollowOn { FollowOn(of: message, by: .allocation, at: now) }

  func decide() -> Disposition {
    if let reason = message.event.transitLocation { return .notApplied(reason) }
    return switch message.event {
    case .orderCreated(let order): create(order)
    case .orderCancelled(let cancellation): cancel(cancellation)
    case .orderConfirmed(let confirmation): confirm(confirmation)
    case .orderAmended(let amendment): amend(amendment)
    case .holdDue(let due): expire(due.orderID)
    case .shipmentDispatched(let shipment): dispatch(shipment)
    case .shipmentStatus(let status): hear(status)
    case .shipmentStatusDue(let due): findOverdue(due)
    case .shipmentPlanFailed(let failure): planFailed(failure)
    case .returnReceived(let request): takeBack(request)
    case .stockReturned(let returned):
      returned.disposition == .stock ? fill(returned.sku) : .unchanged("what came back is not to be sold")
    case .stockReceived(let received): fill(received.sku)
    case .stockMoved(let moved): fill(moved.sku)
    case .reservationReleased(let released): fill(released.sku)
    case .reservationExpired(let expired): fill(expired.sku)
    case .reservationBumped(let bumped): fill(bumped.sku)
    case .stockAdjusted(let adjusted): fill(adjusted.sku)
    case .stockTransferred(let transferred): fill(transferred.sku)
    case .backordersDue(let due): fill(due.sku)
    default:
      .notApplied(
        Reason(
          .foreignType, field: "type", value: message.envelope.type.rawValue,
          rule: "the allocation-worker does not consume this type"
        ))
    }
  }

  func cause(_ reference: String) -> Cause {
    Cause(
      consumer: WorkerManifest.allocation.consumer, source: message.envelope.source, messageID: message.envelope.id,
      reference: reference, occurredAt: message.envelope.time, traceparent: message.envelope.traceparent)
  }

  func unknownOrder(_ order: OrderID) -> Reason {
    Reason(.unknownOrder, field: "data.order_id", value: order.value, rule: "must be an order created before")
  }
}
