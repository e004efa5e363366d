import Contracts

/// Which quantity of a balance an entry changes.
public enum Bucket: String, CaseIterable, Sendable {
  /// Physically there.
  case onHand = "on_hand"
  /// Promised to orders.
  case reserved
  /// There, but not sellable.
  case damaged
  /// There, waiting for a decision about its quality.
  case qualityControl = "quality_control"
}

/// Why a quantity changed.
public enum LedgerReason: String, CaseIterable, Sendable {
  /// Goods came in.
  case receipt = "RECEIPT"
  /// Goods left for a customer.
  case ship = "SHIP"
  /// One leg of a transfer: away.
  case transferOut = "TRANSFER_OUT"
  /// The other leg: arrived.
  case transferIn = "TRANSFER_IN"
  /// A count or somebody's word set the books right.
  case count = "COUNT"
  /// Units were damaged, repaired or, being damaged, thrown away.
  case damage = "DAMAGE"
  /// Promised to an order.
  case reserve = "RESERVE"
  /// No longer promised.
  case release = "RELEASE"
  /// No longer promised: the order's hold was not confirmed in time.
  case expire = "EXPIRE"
  /// Promised, and then not there.
  case bump = "BUMP"
  /// Came back from a customer, or from a carrier that could not deliver.
  case returned = "RETURN"
  /// Waits for a decision about its quality.
  case qcHold = "QC_HOLD"
  /// The decision.
  case qcRelease = "QC_RELEASE"
}

/// The message behind a change, as the ledger names it. One object for all of a message's entries.
public final class Cause: Sendable {
  /// The worker that applied it.
  public let consumer: String
  /// The CloudEvents source.
  public let source: String
  /// The CloudEvents id.
  public let messageID: String
  /// What it is about in the business's words: an order, receipt, move or shipment id.
  public let reference: String
  /// The publisher's clock.
  public let occurredAt: Timestamp
  /// W3C trace context to hand on.
  public let traceparent: String?

  /// The message behind a change.
  public init(
    consumer: String, source: String, messageID: String, reference: String, occurredAt: Timestamp, traceparent: String?
  ) {
    self.consumer = consumer
    self.source = source
    self.messageID = messageID
    self.reference = reference
    self.occurredAt = occurredAt
    self.traceparent = traceparent
  }
}

/// One change of one quantity of one balance; never edited, only followed by others.
struct LedgerEntry {
  let balanceID: Int64
  let seq: Int64
  let bucket: Bucket
  let delta: Int64
  let balanceAfter: Int64
  let reason: LedgerReason
  let cause: Cause
  let recordedAt: Timestamp
}
