import Contracts

/// What an order asks for beyond its lines; it never changes.
public struct OrderTerms: Hashable, Sendable {
  /// How it is served when it is short.
  public var policy: FulfilmentPolicy
  /// When its hold ends unless it is confirmed; nil for an order that is meant from the start.
  public var expiresAt: Timestamp?

  /// - Parameters:
  ///   - policy: How the order is served when it is short.
  ///   - expiresAt: When its hold ends, if it is one.
  public init(policy: FulfilmentPolicy = .partial, expiresAt: Timestamp? = nil) {
    self.policy = policy
    self.expiresAt = expiresAt
  }

  /// The terms of an order as it was created.
  init(of request: OrderCreated) {
    self.init(policy: request.policy, expiresAt: request.expiresAt)
  }

  /// What nearly all orders have: nothing special, so that their rows need no more columns than they ever did.
  var arePlain: Bool { policy == .partial && expiresAt == nil }
}
