import Contracts

/// Compares three independent accounts: what was published, what the database says it settled and sent, and what the
/// subscriber got.
struct Books {
  /// Messages that a consumer should have settled, and has.
  let expected, settled: [String: Int]
  /// Events that left by the inbox's count, and events that arrived at the subscriber; notifications' ends apart.
  let sent, arrived: Int
  /// Notifications that have ended, and the events that said so.
  let ended, told: Int
  /// Rows that the relay has still to publish.
  let waiting: Int

  /// Reads all accounts once. Malformed messages leave no inbox row and are not expected to.
  init(_ stage: Stage, malformed: Int) throws {
    let published = stage.post.sent
    let counts = stage.subscriber.counts
    func sum(_ types: [EventType]) -> Int {
      types.reduce(0) { $0 + published[$1, default: 0] + counts[$1, default: 0] }
    }
    // Outbox before inbox: an event that is counted as sent has then left the outbox or is seen in it.
    waiting = try stage.records.number(Records.outbox)
    expected = [
      "inventory": sum([
        .productRegistered, .locationRegistered, .stockPolicySet, .goodsReceived, .stockMoveRequested,
      ]),
      "allocation": sum([
        .orderCreated, .orderCancelled, .shipmentDispatched, .stockReceived, .stockMoved, .reservationReleased,
        .reservationBumped, .backordersDue,
      ]) - malformed,
      "notification": sum([
        .stockLow, .stockOut, .lotExpired, .backorderCreated, .reservationBumped, .orderReserved,
        .orderPartiallyShipped, .orderShipped,
      ]),
    ]
    settled = try stage.records.settled()
    sent = try stage.records.number(Records.events)
    ended = try stage.records.number(Records.endedDeliveries)
    told = stage.subscriber.count(.notificationSent, .notificationFailed)
    arrived = stage.subscriber.total - told - stage.subscriber.count(.backordersDue)
  }

  /// No message and no event is under way any more, except for those about notifications.
  var balance: Bool {
    sent == arrived && expected.allSatisfy { settled[$0.key, default: 0] == $0.value }
  }

  /// Nothing at all is under way any more.
  var isFinal: Bool { balance && waiting == 0 && ended == told }

  /// For the screen.
  var description: String {
    let consumers = expected.keys.sorted().map { "\($0) \(settled[$0, default: 0])/\(expected[$0, default: 0])" }
    return "settled: \(consumers.joined(separator: ", ")); events \(arrived)/\(sent), \(waiting) to publish"
  }
}
