import Contracts

/// Why units of a line were not simply reserved: as the transaction saw it, for whoever asks later.
///
/// What was reserved is explained by its reservation, which names policy and candidates; what was bumped by its bump.
public struct Decision: Sendable {
  /// What became of the units.
  public enum Kind: String, CaseIterable, Sendable {
    /// They wait.
    case backordered
    /// They will not be delivered: the order must not wait.
    case refused
    /// Given back, because somebody cancelled them.
    case cancelled
    /// Given back, because an amendment took them out of the order.
    case amended
    /// Given back, because a hold was not confirmed in time.
    case expired
  }

  /// Which rule decided.
  public enum Rule: String, CaseIterable, Sendable {
    /// Less could be promised than the line wanted.
    case short
    /// The line could not be promised wholly, and its order wants it wholly or not at all.
    case lineIncomplete = "line_incomplete"
    /// A line of the order could not be promised, and the order is wanted wholly or not at all.
    case orderIncomplete = "order_incomplete"
    /// The cancellation came before its order.
    case cancelledBefore = "cancelled_before"
    /// The product is discontinued: nothing of it is promised to new demand.
    case discontinued
    /// Somebody asked for it.
    case requested
  }

  /// What the transaction saw of the line's SKU before it took anything for the line.
  public struct Sight: Sendable {
    /// Available to promise.
    public let promisable: Int64
    /// Owed to fillable backorders.
    public let owed: Int64
    /// The location policy that ranked the candidates.
    public let locationPolicy: String?
    /// `location=allocatable` pairs in its order.
    public let candidates: String?

    /// What was seen.
    public init(promisable: Int64, owed: Int64, locationPolicy: String?, candidates: String?) {
      self.promisable = promisable
      self.owed = owed
      self.locationPolicy = locationPolicy
      self.candidates = candidates
    }
  }

  let order: OrderID
  let line: Int32
  let policy: FulfilmentPolicy
  let kind: Kind
  let quantity: Int64
  let rule: Rule
  let sight: Sight?
  let cause: Cause
}

extension WorkingSet {
  /// Remembers why units of a line were not simply reserved.
  ///
  /// - Parameters:
  ///   - kind: What became of them.
  ///   - quantity: How many; nothing is recorded for none.
  ///   - line: The line.
  ///   - order: Its order.
  ///   - rule: Which rule decided.
  ///   - sight: What was seen, where stock was looked at.
  ///   - cause: The message that led to it.
  public func record(
    _ kind: Decision.Kind, _ quantity: Int64, of line: OrderLine, _ order: Order, by rule: Decision.Rule,
    seeing sight: Decision.Sight?, _ cause: Cause
  ) {
    guard quantity > 0 else { return }
    decisions.append(
      Decision(
        order: order.id, line: line.number, policy: order.terms.policy, kind: kind, quantity: quantity, rule: rule,
        sight: sight, cause: cause))
  }
}
