import Contracts

/// What an order asks for beyond its lines; it never changes.
public struct OrderTerms: Hashable, Sendable {
  /// How it is served when it is short.
  public var policy: FulfilmentPolicy
  /// When its hold ends unless it is confirmed; nil for an order that is meant from the start.
  public var expiresAt: Timestamp?
  /// By which rule its locations are chosen; nil: by the worker's default.
  public var locationPolicy: LocationPolicyName?
  /// Where it goes, as far as it is known.
  public var destination: Coordinates?

  /// - Parameters:
  ///   - policy: How the order is served when it is short.
  ///   - expiresAt: When its hold ends, if it is one.
  ///   - locationPolicy: By which rule its locations are chosen.
  ///   - destination: Where it goes.
  public init(
    policy: FulfilmentPolicy = .partial, expiresAt: Timestamp? = nil, locationPolicy: LocationPolicyName? = nil,
    destination: Coordinates? = nil
  ) {
    self.policy = policy
    self.expiresAt = expiresAt
    self.locationPolicy = locationPolicy
    self.destination = destination
  }

  /// The terms of an order as it was created.
  public init(of request: borrowing OrderCreated) {
    self.init(
      policy: request.policy, expiresAt: request.expiresAt, locationPolicy: request.locationPolicy,
      destination: request.destination)
  }

  /// What nearly all orders have: nothing special, so that their rows need no more columns than they ever did.
  var arePlain: Bool { policy == .partial && expiresAt == nil && locationPolicy == nil && destination == nil }
}
