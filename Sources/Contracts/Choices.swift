/// A value out of a closed list of words.
public protocol WireChoice: RawRepresentable<String>, CaseIterable, Hashable, Sendable {}

extension EventType: WireChoice {}

/// Whether what is short of an order may wait for stock.
public enum BackorderRule: String, WireChoice {
  /// It waits.
  case allow
  /// It is cancelled at once.
  case deny
}

/// How an order is served that is short.
public enum FulfilmentPolicy: String, WireChoice {
  /// Each line gets what there is.
  case partial
  /// A line is reserved wholly or not at all.
  case lineComplete = "line_complete"
  /// The order is reserved wholly or not at all.
  case shipComplete = "ship_complete"
}

/// By which rule the locations are chosen that serve an order.
public enum LocationPolicyName: String, WireChoice {
  /// The location with the most stock first.
  case mostStock = "most_stock"
  /// The location with the highest priority first.
  case fixedPriority = "fixed_priority"
  /// As few locations as possible.
  case fewestSplits = "fewest_splits"
  /// The location nearest to the order's destination first.
  case nearest
}

/// What a carrier says of a shipment.
public enum CarrierStatus: String, WireChoice {
  /// It is on its way.
  case inTransit = "IN_TRANSIT"
  /// It has arrived.
  case delivered = "DELIVERED"
  /// It could not be delivered and comes back.
  case failed = "FAILED"
}

/// What becomes of goods that come back.
public enum Disposal: String, WireChoice {
  /// They can be sold again.
  case stock
  /// They wait for a decision about their quality.
  case qualityControl = "quality_control"
  /// They are thrown away.
  case scrap
}

/// What is to become of units whose shipment was refused.
public enum PlanAction: String, WireChoice {
  /// They are given up.
  case release
  /// They are served from elsewhere, or wait.
  case replan
}

/// Why an order was not accepted.
public enum OrderRejectionReason: String, WireChoice {
  /// It was cancelled before it came.
  case cancelled
  /// There is no stock and it may not wait.
  case noStock = "no_stock"
  /// Nothing of it is sold any more.
  case discontinued
}

/// Why units of an order's line are refused while the order is accepted.
public enum LineRefusalReason: String, WireChoice {
  /// There is no stock and they may not wait.
  case noStock = "no_stock"
  /// The product is not sold any more.
  case discontinued
}

/// How a notification is sent.
public enum NotificationChannel: String, WireChoice {
  /// A mail by SMTP.
  case email
  /// A signed HTTP request.
  case webhook
}
