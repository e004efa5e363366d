import Contracts

/// A level that crossed one of its points in this transaction.
public struct AlertTransition: Sendable {
  /// The SKU.
  public let sku: SKU
  /// Where; nil over all locations.
  public let location: LocationID?
  /// The new state.
  public let state: AlertState
  /// What is available there (at a location) or can be promised (over all).
  public let quantity: Int64
  /// The points that applied.
  public let band: AlertBand
  /// Names the episode: the same from `low` or `out` to `recovered`.
  public let episode: String
  /// The last message that touched the SKU.
  public let cause: Cause
}

extension WorkingSet {
  /// Evaluates the levels of every SKU touched, once, after all messages of the transaction.
  ///
  /// - Returns: The transitions, by SKU and location; the states and episodes are updated.
  public func evaluateAlerts() -> [AlertTransition] {
    var transitions: [AlertTransition] = []
    for item in anchors.values {
      // Nobody orders more of what is discontinued.
      guard let cause = item.lastCause, !item.isDiscontinued else { continue }
      for balance in item.places where balance.lot.isEmpty && balance.isWatched {
        if let transition = evaluate(balance, of: item, cause) { transitions.append(transition) }
      }
      if let transition = evaluate(item, cause) { transitions.append(transition) }
    }
    // Few levels cross a point in a batch of many SKUs: only those few are put in order.
    return transitions.sorted { ($0.sku, $0.rank) < ($1.sku, $1.rank) }
  }

  /// What waits will take what has come, before anybody else may: a location has not recovered while stock is owed, or
  /// each receipt would end its episode and each filling begin the next.
  private func evaluate(_ balance: Balance, of item: StockItem, _ cause: Cause) -> AlertTransition? {
    let next = balance.band.next(after: balance.alert, quantity: balance.level)
    guard next != balance.alert, next != .normal || !balance.isSellable || item.owed == 0 else { return nil }
    if balance.alert == .normal {
      balance.row.episode += 1
      begunEpisodes.append((balance.sku, balance.location))
    }
    balance.row.alert = next
    balance.isChanged = true
    balance.isRevised = true
    return AlertTransition(
      sku: balance.sku, location: balance.location, state: next, quantity: balance.level, band: balance.band,
      episode: StockLevel.episodeID(balance.sku.value, balance.location.value, balance.episode), cause: cause)
  }

  private func evaluate(_ item: StockItem, _ cause: Cause) -> AlertTransition? {
    let quantity = item.availableToPromise
    let next = item.band.next(after: item.alert, quantity: quantity)
    guard next != item.alert else { return nil }
    if item.alert == .normal {
      item.row.episode += 1
      begunEpisodes.append((item.sku, nil))
    }
    item.row.alert = next
    item.isChanged = true
    return AlertTransition(
      sku: item.sku, location: nil, state: next, quantity: quantity, band: item.band,
      episode: StockLevel.episodeID(item.sku.value, nil, item.episode), cause: cause)
  }
}

extension AlertTransition {
  /// The locations by their ids, then the SKU over all of them.
  fileprivate var rank: String { location?.value ?? "\u{7F}" }
}

extension Balance {
  /// Whether anybody wants to know its level: a place that never held the SKU, and that no policy speaks of, has not
  /// run out of it; nor has what is between two places, or one from which nothing is sold, such as a dock or a
  /// quarantine, which is there to be emptied. An episode that has begun is ended all the same.
  fileprivate var isWatched: Bool {
    if location == .inTransit || isUnused { return false }
    if band.reorderPoint > 0 || alert != .normal { return true }
    return isSellable && (seq > 0 || lots.contains { $0.seq > 0 })
  }
}
