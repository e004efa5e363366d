import Contracts
import Postgres

extension Pipeline {
  /// Makes a message that kills the worker a dead letter, unless it was settled after all before the worker died.
  ///
  /// It is not decoded: reading it may be what kills.
  func condemn(_ delivery: Delivery, deaths: Int, on database: Connection, broker: some Broker) throws {
    let began = ContinuousClock.now
    do {
      var report = try writeCondemnation(Decoded.unread(delivery), deaths: deaths, on: database)
      report.databaseTime = ContinuousClock.now - began
      report.totalTime = report.databaseTime
      observer.settled(report)
      try broker.acknowledge(through: delivery.tag)
    } catch let error as PostgresError {
      try database.recover(from: error)
      guard Remedy(for: error) == .halve else { throw error }
      // As with any dead letter that cannot be written: the broker's dead-letter exchange is the last place to keep it.
      observer.rejected(delivery, because: DataFault(error).description)
      try broker.reject(delivery.tag)
    }
  }

  private func writeCondemnation(_ item: Decoded, deaths: Int, on database: Connection) throws -> BatchReport {
    let manifest = handler.manifest
    try database.begin()
    let now = try DatabaseClock.read(on: database)
    var settlement = Settlement(manifest: manifest, now: now, inbox: Inbox(of: manifest))
    let isSettled = try Inbox.holds(item.delivery, consumer: manifest.consumer, on: database)
    settlement.condemn(item, deaths: deaths, isSettled: isSettled)
    var writes = WriteSet(on: database)
    let report = try settlement.send(to: &writes, waking: wakeUp)
    try writes.commit()
    return report
  }
}

extension Decoded {
  /// A delivery whose body nobody has looked at.
  static func unread(_ delivery: Delivery) -> Decoded {
    Decoded(
      delivery: delivery,
      content: .failure(Malformed(field: "body", value: "", rule: "is not read: the worker dies of this message")))
  }
}

extension Inbox {
  private static let held = Statement(
    name: "inbox_holds",
    sql: "select 1 from inbox where message_id = $1 and consumer = $2 and attempt = $3 and body = $4 limit 1")

  /// Whether a delivery was settled before, told without reading its body: the message id is the event's.
  static func holds(_ delivery: Delivery, consumer: String, on database: Connection) throws -> Bool {
    guard let id = delivery.messageID else { return false }
    return try database.query(
      held, [.text(HeaderText.storable(id)), .text(consumer), .int4(delivery.attempt), .bytea(delivery.body)]
    ).count > 0
  }
}
