import Contracts

extension WorkingSet {
  /// Evaluates the levels and turns every transition into its event, in the sequence of its SKU.
  ///
  /// - Parameter source: The CloudEvents source of the worker.
  public func alertEvents(source: String) -> [OutgoingEvent] {
    evaluateAlerts().compactMap { transition in
      guard let item = item(transition.sku) else { return nil }
      let level = StockLevel(
        sku: transition.sku, locationID: transition.location, available: transition.quantity,
        reorderPoint: transition.band.reorderPoint, recoverPoint: transition.band.recoverPoint,
        episodeID: transition.episode)
      let event: Event =
        switch transition.state {
        case .low: .stockLow(level)
        case .out: .stockOut(level)
        case .normal: .stockRecovered(level)
        }
      return OutgoingEvent(
        id: EventID.next(at: now), source: source, time: now, correlationID: transition.cause.reference,
        causationID: transition.cause.messageID, traceparent: transition.cause.traceparent,
        aggregate: "stock/\(transition.sku)", sequence: item.nextSequence(), subject: transition.sku.value,
        event: event)
    }
  }
}
