import Contracts
import Delivery
import Lanes
import Outbox
import Postgres

/// Sends the deliveries that the pipeline committed.
///
/// ```
/// lease (one statement, committed) ─▶ count the attempt (committed) ─▶ send (no lock, no transaction)
///   ▲            ─▶ settle + notification.sent or .failed (one transaction, only while the lease is ours)
///   └── the lease ends: whoever comes next sends it again under the same id
/// ```
///
/// At least once: a sender that dies after the receiver took it and before it could settle leaves a row that is sent
/// again. Any number of senders may share the table. Lane only; the connection must be idle and is idle afterwards.
public final class DeliverySender {
  /// What became of one delivery's attempt.
  public enum Outcome: Sendable, Hashable {
    /// Delivered and settled.
    case sent
    /// Another attempt follows after this wait.
    case postponed(reason: String, wait: Duration)
    /// Given up, and settled.
    case failed(reason: String)
    /// Not tried: time ran out, or its receiver has just failed; the attempt does not count.
    case givenBack
    /// The lease had ended before the result could be written: somebody else has it now.
    case leaseLost
  }

  private let transport: any DeliveryTransport
  private let schedule: RetrySchedule
  private let lease: Duration
  private let report: (LeasedDelivery, Outcome) -> Void
  private var troubled: [Receiver: Trouble] = [:]

  /// - Parameters:
  ///   - transport: Gets deliveries to their receivers.
  ///   - schedule: When to try again and when to give up.
  ///   - lease: How long a sender may keep a delivery; longer than an attempt can take.
  ///   - report: Is told about each delivery's outcome, for metrics and logs.
  /// - Throws: ``DeliverySettingError`` when the lease is too short.
  public init(
    transport: any DeliveryTransport, schedule: RetrySchedule = RetrySchedule(), lease: Duration = .seconds(60),
    report: @escaping (LeasedDelivery, Outcome) -> Void = { _, _ in }
  ) throws(DeliverySettingError) {
    guard lease > transport.longestAttempt else {
      throw DeliverySettingError(
        setting: "delivery lease",
        rule: "must be longer than an attempt can take (\(transport.longestAttempt.components.seconds) s)")
    }
    self.transport = transport
    self.schedule = schedule
    self.lease = lease
    self.report = report
  }

  /// Leases what is due, sends it and settles it, one after the other.
  ///
  /// - Parameters:
  ///   - limit: The most to lease.
  ///   - database: Idle; a role that may write `notification_deliveries` and `outbox`.
  ///   - isStopping: Is asked before each attempt; what is left is given back at once.
  /// - Returns: How many were due; equal to `limit` when there may be more.
  /// - Throws: ``PostgresError``. Whatever was sent and not settled is sent again when its lease ends.
  public func runOnce(limit: Int, on database: Connection, isStopping: () -> Bool = { false }) throws -> Int {
    Lane.requireCurrent()
    let end = ContinuousClock.now + lease
    let token = EventID.next(at: .now)
    let deliveries = try take(limit, token, on: database)
    for (index, delivery) in deliveries.enumerated() {
      // An attempt that outlasts the lease would let two senders send the same thing at the same time.
      guard !isStopping(), ContinuousClock.now + transport.longestAttempt < end else {
        try giveBack(deliveries[index...], token, wait: .zero, on: database)
        break
      }
      let receiver = Receiver(channel: delivery.channel, recipient: delivery.recipient)
      let wait = troubled[receiver].map { ContinuousClock.now.duration(to: $0.until) } ?? .zero
      if wait > .zero {
        // An outage of one receiver costs one attempt and one time-out, not as many as there are deliveries.
        try giveBack([delivery], token, wait: wait, on: database)
        continue
      }
      report(delivery, try send(delivery, to: receiver, token, on: database))
    }
    return deliveries.count
  }

  private func send(
    _ leased: LeasedDelivery, to receiver: Receiver, _ token: String, on database: Connection
  ) throws -> Outcome {
    let counted = try database.query(DeliveryStatements.begin, [.text(leased.notificationID), .text(token)])
    guard counted.count == 1 else { return .leaseLost }
    var delivery = leased
    delivery.attempt = counted.int4(0, 0)
    let result = attempt(delivery)
    let outcome = try settle(delivery, result, token, on: database)
    note(result, of: receiver)
    return outcome
  }

  private struct Receiver: Hashable {
    let channel: NotificationChannel
    let recipient: String
  }

  /// A receiver that could not be reached.
  private struct Trouble {
    let failures: Int32
    /// So long it is left alone.
    let until: ContinuousClock.Instant
  }

  /// However often one delivery has failed, it is how often in a row its receiver has that keeps others from it.
  private func note(_ result: DeliveryResult, of receiver: Receiver) {
    guard case .temporary(_, let hint) = result else {
      troubled[receiver] = nil
      return
    }
    let failures = (troubled[receiver]?.failures ?? 0) + 1
    troubled[receiver] = Trouble(failures: failures, until: .now + schedule.wait(after: failures, hint: hint))
  }

  /// A delivery whose last sender died in its last attempt has used up its attempts without an answer.
  private func attempt(_ delivery: LeasedDelivery) -> DeliveryResult {
    guard delivery.attempt <= schedule.attempts else {
      return .permanent(reason: "no result after \(schedule.attempts) attempts: the sender ended during the last one")
    }
    return transport.deliver(delivery)
  }

  // MARK: Lease

  /// What is due, but for receivers that are left alone: however much waits for them, it is in nobody's way.
  private func take(_ limit: Int, _ token: String, on database: Connection) throws -> [LeasedDelivery] {
    let now = ContinuousClock.now
    troubled = troubled.filter { $0.value.until + schedule.maximum > now }
    let avoided = troubled.filter { $0.value.until > now }.map(\.key)
    let rows = try database.query(
      DeliveryStatements.lease,
      [
        .int(Int64(limit)), .text(token), .int(lease.wholeMicroseconds), .texts(avoided) { $0.channel.rawValue },
        .texts(avoided) { $0.recipient }, .texts(EventType.allCases.map(\.rawValue)),
      ])
    return (0..<rows.count).compactMap { row in
      // The statement and the table's CHECK allow nothing else.
      guard let type = EventType(rawValue: rows.text(row, 2)),
        let channel = NotificationChannel(rawValue: rows.text(row, 3))
      else { return nil }
      return LeasedDelivery(
        notificationID: rows.text(row, 0), channel: channel, recipient: rows.text(row, 4), subject: rows.text(row, 5),
        body: rows.bytes(row, 6), attempt: rows.int4(row, 9),
        createdAt: Timestamp(microseconds: rows.timestamp(row, 10)), eventID: rows.text(row, 1), eventType: type,
        correlationID: rows.optionalText(row, 7), traceparent: rows.optionalText(row, 8), round: rows.int4(row, 11))
    }
  }

  private func giveBack(
    _ deliveries: some Collection<LeasedDelivery>, _ token: String, wait: Duration, on database: Connection
  ) throws {
    _ = try database.query(
      DeliveryStatements.giveBack,
      [.texts(deliveries.map(\.notificationID)), .text(token), .int(wait.wholeMicroseconds)])
    for delivery in deliveries { report(delivery, .givenBack) }
  }

  // MARK: Settle

  private func settle(
    _ delivery: LeasedDelivery, _ result: DeliveryResult, _ token: String, on database: Connection
  ) throws -> Outcome {
    switch result {
    case .delivered:
      return try end(delivery, error: nil, token, on: database) ? .sent : .leaseLost
    case .temporary(let reason, let hint) where delivery.attempt < schedule.attempts:
      let wait = schedule.wait(after: delivery.attempt, hint: hint)
      let rows = try database.query(
        DeliveryStatements.postpone,
        [.text(delivery.notificationID), .text(token), .int(wait.wholeMicroseconds), .text(reason)])
      return rows.affected == 1 ? .postponed(reason: reason, wait: wait) : .leaseLost
    case .temporary(let reason, _), .permanent(let reason):
      return try end(delivery, error: reason, token, on: database) ? .failed(reason: reason) : .leaseLost
    }
  }

  /// Ends the delivery and publishes its end, both or neither.
  ///
  /// - Returns: False when the lease was no longer ours; nothing is written then.
  private func end(
    _ delivery: LeasedDelivery, error: String?, _ token: String, on database: Connection
  ) throws -> Bool {
    var outbox = OutboxWriter()
    outbox.append([delivery.outcomeEvent(error: error, at: .now)])
    do {
      try database.transaction {
        var writes = WriteSet(on: database)
        try writes.send(
          DeliveryStatements.settle,
          [.text(delivery.notificationID), .text(token), .text(error == nil ? "sent" : "failed"), .text(error)],
          changing: 1)
        try outbox.send(to: &writes)
        try writes.finish()
      }
      return true
    } catch let mismatch as WriteMismatch where mismatch.statement == DeliveryStatements.settle.name {
      return false
    }
  }
}

extension Duration {
  fileprivate var wholeMicroseconds: Int64 {
    components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
  }
}
