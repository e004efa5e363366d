import Contracts
import Outbox

/// A dead letter on its way back to its own queue.
struct Replay {
  let row: OutboxRow
  /// Higher than any before, so that the inbox takes it for what it is: not a redelivery.
  let attempt: Int32
  /// What was corrected, for the audit trail; nil for nothing.
  let editsJSON: String?
  /// The message as the worker will get it.
  let delivery: Delivery

  /// - Parameters:
  ///   - record: An open one.
  ///   - edits: Corrections of its body, in this order; `content_type` corrects the property of that name.
  ///   - known: The highest attempt of this message so far.
  ///   - now: The database's clock.
  /// - Throws: What keeps it from being read by this build: it would only be a dead letter again.
  init(
    of record: DeadLetterRecord, edits: [(path: String, value: String)], after known: Int32, at now: Timestamp
  ) throws(Malformed) {
    if let erasedAt = record.erasedAt {
      throw Malformed(field: "body", value: "erased at \(erasedAt.rfc3339)", rule: "kept")
    }
    let last = max(known, record.attempt)
    // A publisher may have sent any number; no attempt could be told from the highest there is.
    guard last < Int32.max else {
      throw Malformed(field: HeaderName.attempt, value: "\(last)", rule: "a number below \(Int32.max)")
    }
    attempt = last + 1
    let corrected = try Correction(record, edits)
    let read = corrected.message
    let isTypeCorrected = corrected.changes.contains { $0.path == "type" }
    try Replay.requireRight(of: record, read.envelope.type, isCorrected: isTypeCorrected)
    try Replay.requireArrived(read.envelope.time, at: now)
    editsJSON = corrected.json
    let headers = try Replay.headers(of: record, read.envelope.type, attempt, now)
    row = OutboxRow(
      aggregate: "message/\(read.envelope.id)", exchange: "", routingKey: record.queue, messageID: read.envelope.id,
      contentType: corrected.contentType ?? OutboxRow.eventContentType, headers: HeaderText.encode(headers),
      body: corrected.body)
    delivery = Delivery(
      tag: 1, body: row.body, routingKey: row.routingKey, messageID: row.messageID, contentType: row.contentType,
      redelivered: false, headers: headers)
  }

  /// Requires that a message is what its publisher was allowed to say: the broker let it pass for its routing key, and
  /// by the queue's name nobody would ask any more. That an operator corrects the type is on record.
  private static func requireRight(
    of record: DeadLetterRecord, _ type: EventType, isCorrected: Bool
  ) throws(Malformed) {
    // As the worker does it: another key than an event's says nothing about the type.
    guard !isCorrected, record.type != type.rawValue, EventType(rawValue: record.type) != nil else { return }
    throw Malformed(
      field: "type", value: type.rawValue,
      rule: "equal to the routing key that it came with (\(record.type)); if it is right all the same, say so with "
        + "--edit type=\(type.rawValue)")
  }

  /// Requires a time that the worker would not refuse as too far ahead.
  private static func requireArrived(_ time: Timestamp, at now: Timestamp) throws(Malformed) {
    guard time > now + Inbox.maximumLead else { return }
    throw Malformed(
      field: "time", value: time.rfc3339, rule: "at most 24 hours ahead of our clock; correct it with --edit time=…")
  }

  private static func headers(
    of record: DeadLetterRecord, _ type: EventType, _ attempt: Int32, _ now: Timestamp
  ) throws(Malformed) -> [String: Delivery.Header] {
    let original = Delivery(
      tag: 0, body: [], routingKey: "", messageID: nil, contentType: nil, redelivered: false,
      headers: try HeaderText.decode(record.headers))
    var headers = original.portableHeaders
    headers[HeaderName.attempt] = .int(Int64(attempt))
    headers[HeaderName.firstSeen] = .string(record.firstSeenAt.rfc3339)
    headers[HeaderName.replayedAt] = .string(now.rfc3339)
    headers[HeaderName.routingKey] = .string(type.rawValue)
    headers[HeaderName.reason] = .string("replayed by an operator")
    return headers
  }
}
