import Contracts
import Postgres

/// A message that the broker gave up by itself.
public struct Undelivered: Sendable {
  /// As it came out of `<queue>.undelivered`, with the routing key that it once arrived with.
  public let delivery: Delivery
  /// Whether a worker rejected it; otherwise it was delivered too often.
  public let isRejected: Bool

  /// - Parameters:
  ///   - delivery: What was given up.
  ///   - isRejected: Whether a worker rejected it.
  public init(_ delivery: Delivery, isRejected: Bool) {
    self.delivery = delivery
    self.isRejected = isRejected
  }

  var reason: Reason {
    isRejected
      ? Reason(
        .recordRefused, field: "dead letter", value: "rejected by a worker",
        rule: "its record must be writable: the worker's log says what kept it from being so")
      : Reason(
        .deliveryLimit, field: "x-delivery-count", value: "more than \(Topology.workDeliveryLimit)",
        rule: "must be settled by a worker within \(Topology.workDeliveryLimit) deliveries")
  }
}

/// Gives what the broker dead-lettered by itself a record, and its copy in `<queue>.dead`.
public struct Intake {
  private let manifest: WorkerManifest

  /// - Parameter manifest: Whose messages.
  public init(for manifest: WorkerManifest) { self.manifest = manifest }

  /// What became of messages.
  public struct Result: Sendable {
    /// How many records were written: not those that were there.
    public var written = 0
    /// Tags of those that the database refuses even now, each on its own.
    public var refused: [UInt64] = []
  }

  /// Writes the records and the copies' outbox rows, and commits. A message that has its record already gets no second.
  ///
  /// - Throws: ``PostgresError`` where the database is at fault and not the message.
  public func record(_ letters: [Undelivered], on database: Connection) throws -> Result {
    do {
      return Result(written: try commit(letters.map(deadLetter), on: database))
    } catch let error where Intake.blamesData(error) {
      guard letters.count > 1 else { return try recordPlainly(letters, on: database) }
      return try letters.reduce(into: Result()) { result, letter in
        let own = try record([letter], on: database)
        result.written += own.written
        result.refused += own.refused
      }
    }
  }

  /// A last try, without anything that somebody else wrote but the body.
  private func recordPlainly(_ letters: [Undelivered], on database: Connection) throws -> Result {
    let plain = letters.map { letter in
      DeadLetter(
        delivery: Delivery(
          tag: letter.delivery.tag, body: letter.delivery.body, routingKey: "unknown", messageID: nil, contentType: nil,
          redelivered: false, headers: [:]), envelope: nil, kind: .undelivered, reason: letter.reason)
    }
    do {
      return Result(written: try commit(plain, on: database))
    } catch let error where Intake.blamesData(error) {
      return Result(refused: letters.map(\.delivery.tag))
    }
  }

  private func deadLetter(_ letter: Undelivered) -> DeadLetter {
    DeadLetter(
      delivery: letter.delivery, envelope: Decoded(letter.delivery).message?.envelope, kind: .undelivered,
      reason: letter.reason)
  }

  /// - Returns: How many of them are new.
  private func commit(_ letters: [DeadLetter], on database: Connection) throws -> Int {
    try database.transaction {
      let now = try DatabaseClock.read(on: database)
      return try letters.sorted { $0.sortKey < $1.sortKey }.count {
        try $0.write(for: manifest, at: now, on: database)
      }
    }
  }

  private static func blamesData(_ error: any Error) -> Bool {
    guard let error = error as? PostgresError else { return error is WriteMismatch }
    return Remedy(for: error) == .halve
  }
}
