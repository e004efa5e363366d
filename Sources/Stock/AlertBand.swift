/// Where a stock level stands against its reorder and recover points.
public enum AlertState: String, Sendable {
  /// Enough.
  case normal
  /// At or below the reorder point.
  case low
  /// Nothing left.
  case out
}

/// The hysteresis of low-stock alerts: one alert per episode, however many orders race.
///
/// `normal → low` at ≤ reorder point, `→ out` at 0, back to `normal` only at ≥ recover point. Between the points
/// nothing changes, so a level that wavers around the reorder point does not alert again and again.
public struct AlertBand: Hashable, Sendable {
  /// At or below this a level is low. Base units.
  public let reorderPoint: Int64
  /// At or above this a level has recovered; greater than the reorder point. Base units.
  public let recoverPoint: Int64

  /// - Parameters:
  ///   - reorderPoint: At or below this a level is low.
  ///   - recoverPoint: At or above this a level has recovered.
  public init(reorderPoint: Int64, recoverPoint: Int64) {
    self.reorderPoint = reorderPoint
    self.recoverPoint = recoverPoint
  }

  /// The state that follows, given what is there now.
  ///
  /// - Parameters:
  ///   - state: The state so far.
  ///   - quantity: What can be sold or promised now.
  /// - Returns: The new state; the same one when nothing is to be reported.
  public func next(after state: AlertState, quantity: Int64) -> AlertState {
    if quantity <= 0 { return .out }
    if quantity >= recoverPoint { return .normal }
    switch state {
    case .normal: return quantity <= reorderPoint ? .low : .normal
    // Stock has come back, but not enough to recover: the episode goes on, and "out" is not announced twice.
    case .low, .out: return state
    }
  }
}
