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
    let read = try IncomingMessage.decode(
      body: corrected.body, contentType: corrected.contentType, messageID: nil, routingKey: record.queue)
    editsJSON = corrected.json
    let headers = try Replay.headers(of: record, attempt, now)
    row = OutboxRow(
      aggregate: "message/\(read.envelope.id)", exchange: "", routingKey: record.queue, messageID: read.envelope.id,
      contentType: corrected.contentType ?? OutboxRow.eventContentType, headers: HeaderText.encode(headers),
      body: corrected.body)
    delivery = Delivery(
      tag: 1, body: row.body, routingKey: row.routingKey, messageID: row.messageID, contentType: row.contentType,
      redelivered: false, headers: headers)
  }

  private static func headers(
    of record: DeadLetterRecord, _ attempt: Int32, _ now: Timestamp
  ) throws(Malformed) -> [String: Delivery.Header] {
    let original = Delivery(
      tag: 0, body: [], routingKey: "", messageID: nil, contentType: nil, redelivered: false,
      headers: try HeaderText.decode(record.headers))
    var headers = original.portableHeaders
    headers[HeaderName.attempt] = .int(Int64(attempt))
    headers[HeaderName.firstSeen] = .string(record.firstSeenAt.rfc3339)
    headers[HeaderName.replayedAt] = .string(now.rfc3339)
    headers[HeaderName.reason] = .string("replayed by an operator")
    return headers
  }
}

/// What an operator changes about a message before it is replayed.
private struct Correction {
  private(set) var body: [UInt8]
  private(set) var contentType: String?
  private var changes: [(field: String, was: String, new: String)] = []

  init(_ record: DeadLetterRecord, _ edits: [(path: String, value: String)]) throws(Malformed) {
    body = record.body
    contentType = record.contentType
    for edit in edits {
      if edit.path == "content_type" {
        changes.append((edit.path, contentType ?? "absent", edit.value))
        contentType = edit.value
      } else {
        let change = try JSONEdit(edit.path, to: edit.value, in: body)
        changes.append((edit.path, JSONEdit.shown(change.was), JSONEdit.shown(change.value)))
        body = change.document
      }
    }
  }

  var json: String? {
    guard !changes.isEmpty else { return nil }
    let objects = changes.map { change in
      HeaderText.encode(["field": .string(change.field), "was": .string(change.was), "is": .string(change.new)])
    }
    return "[" + objects.joined(separator: ",") + "]"
  }
}
