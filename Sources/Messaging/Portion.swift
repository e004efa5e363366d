/// What is known about a delivery from those who died while they held it.
public struct Standing: Hashable, Sendable {
  /// So often may a worker die while it handles a message alone.
  static let deadlyDeaths = 3

  /// How often a worker died while it handled this message with others.
  public var inCompany = 0
  /// How often a worker died while it handled this message alone.
  public var alone = 0

  /// Nothing bad, unless said otherwise.
  public init(inCompany: Int = 0, alone: Int = 0) {
    self.inCompany = inCompany
    self.alone = alone
  }
}

/// Deliveries that share a transaction.
public struct Portion: Sendable {
  /// A contiguous run, in arrival order.
  public let deliveries: ArraySlice<Delivery>
  /// Whether they were delivered before: then they are written down before they are handled.
  public let areRedelivered: Bool
  /// How often a worker died of the only delivery while it handled it alone.
  public let deaths: Int

  /// Splits deliveries: those redelivered apart from the others, at most a quarter of the limit together, and those
  /// with which a worker died n times already at most limit / 4ⁿ⁺¹. A message that kills the worker is soon alone; its
  /// neighbours are applied meanwhile.
  ///
  /// - Parameters:
  ///   - deliveries: In arrival order.
  ///   - standings: One for each.
  ///   - limit: The most that share a transaction.
  public static func split(_ deliveries: [Delivery], _ standings: [Standing], limit: Int) -> [Portion] {
    var portions: [Portion] = []
    var start = 0
    var allowed = limit
    func close(at end: Int) {
      guard end > start else { return }
      portions.append(
        Portion(
          deliveries: deliveries[start..<end], areRedelivered: deliveries[start].redelivered,
          deaths: end - start == 1 ? standings[start].alone : 0))
      start = end
      allowed = limit
    }
    for (index, delivery) in deliveries.enumerated() {
      let own = most(of: delivery, standings[index], limit: limit)
      let isOther = delivery.redelivered != deliveries[start].redelivered
      if isOther || index - start + 1 > min(allowed, own) { close(at: index) }
      allowed = min(allowed, own)
    }
    close(at: deliveries.count)
    return portions
  }

  /// How many may share a transaction with this one, itself included.
  private static func most(of delivery: Delivery, _ standing: Standing, limit: Int) -> Int {
    guard delivery.redelivered else { return limit }
    // Whoever was suspected alone stays alone.
    return standing.alone > 0 ? 1 : max(1, limit >> (2 * min(standing.inCompany + 1, 31)))
  }
}
