import Contracts
import Outbox
import Postgres

/// A message that will not be applied: kept whole, with the reason, where an operator can see and replay it.
struct DeadLetter {
  /// Why it is here.
  enum Kind: String, CaseIterable {
    /// It could not be read.
    case malformed
    /// It broke a rule that no retry can mend.
    case refused
    /// It was tried again until the last tier, in vain.
    case exhausted
    /// The worker itself died of it, again and again.
    case crashed
    /// The broker gave it up.
    case undelivered
  }

  let delivery: Delivery
  let envelope: Envelope?
  let kind: Kind
  let reason: Reason
  /// Where it came from, as far as it can be read; empty where it cannot.
  let source: String

  init(delivery: Delivery, envelope: Envelope?, kind: Kind, reason: Reason) {
    self.delivery = delivery
    self.envelope = envelope
    self.kind = kind
    self.reason = reason
    // The same whether a worker or the broker gave it up, or it would have two records. Of one that workers died of
    // nobody looks at the body again: it may be what kills.
    source = envelope?.source ?? (kind == .crashed ? nil : IncomingMessage.source(in: delivery.body)) ?? ""
  }

  /// The id, as the record's unique key has it.
  var messageID: String { envelope?.id ?? HeaderText.storable(delivery.messageID ?? "") }
  var sortKey: (String, String, Int32) { (messageID, source, delivery.attempt) }

  /// Queues the record and, if it is new, the copy for `<queue>.dead`, which travels by the outbox like everything.
  ///
  /// The copy of a very large message carries no body: the record keeps it, and the relay's memory stays bounded.
  /// A redelivered malformed message meets its own record: it is the same dead letter and gets no second copy.
  func send(for manifest: WorkerManifest, at now: Timestamp, to writes: inout WriteSet) throws {
    try writes.send(DeadLetter.insert, parameters(for: manifest, at: now))
  }

  /// Does that by itself.
  ///
  /// - Returns: Whether it is new.
  func write(for manifest: WorkerManifest, at now: Timestamp, on database: Connection) throws -> Bool {
    try database.query(DeadLetter.insert, parameters(for: manifest, at: now)).affected == 1
  }

  private func parameters(for manifest: WorkerManifest, at now: Timestamp) -> [Parameter] {
    let id = messageID
    let aggregate = Shard.hash("message/\(id)")
    return [
      .text(manifest.consumer), .text(manifest.queue), .text(source), .text(id),
      .text(envelope?.type.rawValue ?? HeaderText.storable(delivery.publishedKey(on: manifest.queue))),
      .int4(delivery.attempt), .text(kind.rawValue), .text(HeaderText.storable(reason.field)),
      .text(HeaderText.storable(reason.value)),
      .text(HeaderText.storable(reason.rule)), .text(delivery.contentType.map(HeaderText.storable)),
      .text(HeaderText.encode(delivery.headers)), .bytea(delivery.body),
      .timestamp((delivery.firstSeen ?? now).microseconds), .timestamp(now.microseconds),
      .text(HeaderText.encode(copyHeaders(manifest))), .int2(Shard.of(hash: aggregate)), .int(aggregate),
      .text(manifest.deadQueue), .text(reason.kind.rawValue),
    ]
  }

  private func copyHeaders(_ manifest: WorkerManifest) -> [String: Delivery.Header] {
    var headers = delivery.portableHeaders
    headers[HeaderName.reason] = .string(reason.description)
    headers[HeaderName.field] = .string(reason.field)
    headers[HeaderName.value] = .string(reason.value)
    headers[HeaderName.rule] = .string(reason.rule)
    headers[HeaderName.sourceQueue] = .string(manifest.queue)
    headers[HeaderName.attempt] = .int(Int64(delivery.attempt))
    return headers
  }

  static let insert = Statement(
    name: "dead_letter_insert",
    sql: """
      with record as (
        insert into dead_letters (consumer, queue, source, message_id, type, attempt, kind, field, value, rule,
          content_type, headers, body, first_seen_at, dead_at, reason)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $20)
        on conflict do nothing
        returning dead_letter_id
      )
      insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, headers, body)
      select $17, $18, '', $19, $4, coalesce($11, ''),
             ($16::jsonb || jsonb_build_object('x-tallyman-dead-letter-id', dead_letter_id))::text,
             case when octet_length($13) <= 262144 then $13 else ''::bytea end
      from record
      """)
}

/// A message that is to be tried again: its outbox row, addressed to the next delay tier.
enum Retry {
  /// The row, or nil when the last tier is behind it.
  static func row(_ message: Message, because reason: Reason, for manifest: WorkerManifest, at now: Timestamp)
    -> OutboxRow?
  {
    let delivery = message.delivery
    guard delivery.attempt < RetryTier.all.count else { return nil }
    var headers = delivery.portableHeaders
    headers[HeaderName.attempt] = .int(Int64(delivery.attempt) + 1)
    headers[HeaderName.firstSeen] = .string((delivery.firstSeen ?? now).rfc3339)
    headers[HeaderName.routingKey] = .string(delivery.publishedKey(on: manifest.queue))
    headers[HeaderName.reason] = .string(reason.description)
    return OutboxRow(
      aggregate: "message/\(message.envelope.id)", exchange: "",
      routingKey: manifest.retryQueue(Int(delivery.attempt) + 1), messageID: message.envelope.id,
      contentType: delivery.contentType ?? OutboxRow.eventContentType, headers: HeaderText.encode(headers),
      body: delivery.body)
  }
}
