import Contracts

/// What an order asks for beyond its lines; it never changes.
public struct OrderTerms: Hashable, Sendable {
  /// How it is served when it is short.
  public var policy: FulfilmentPolicy

  /// - Parameter policy: How the order is served when it is short.
  public init(policy: FulfilmentPolicy = .partial) {
    self.policy = policy
  }

  /// The terms of an order as it was created.
  init(of request: OrderCreated) {
    self.init(policy: request.policy)
  }

  /// What nearly all orders have: nothing special, so that their rows need no more columns than they ever did.
  var arePlain: Bool { self == OrderTerms() }
}
