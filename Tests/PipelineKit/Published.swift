import Contracts
import Messaging
import Postgres

/// A message of the outbox.
public struct Published: Sendable {
  /// Its row's place.
  public let id: Int64
  /// Where it goes.
  public let exchange: String
  /// Under which key.
  public let routingKey: String
  /// The AMQP message id.
  public let messageID: String
  /// The AMQP content type.
  public let contentType: String
  /// AMQP headers.
  public let headers: [String: Delivery.Header]
  /// The bytes.
  public let body: [UInt8]

  /// The event, read as any consumer would.
  public func event() throws -> IncomingMessage {
    try IncomingMessage.decode(body: body, contentType: contentType, messageID: messageID, routingKey: routingKey)
  }
}

extension House {
  /// Everything in the outbox, in the order in which it was written.
  public func outbox() async throws -> [Published] {
    try await published(
      """
      select id, exchange, routing_key, message_id, content_type, coalesce(headers, '{}'), body
      from outbox_messages order by id, place
      """)
  }

  /// The events in the outbox: not retries, not dead letters.
  public func events(_ types: EventType...) async throws -> [IncomingMessage] {
    try await outbox().filter { $0.exchange == "supply.events" }.map { try $0.event() }
      .filter { types.isEmpty || types.contains($0.envelope.type) }
  }

  /// The types of the events in the outbox.
  public func eventTypes() async throws -> [String] { try await events().map(\.envelope.type.rawValue) }

  /// Takes everything out of the outbox, as a relay does.
  public func relay() async throws -> [Published] {
    let rows = try await published(
      """
      with gone as (delete from outbox returning *)
      select g.id, case when g.messages > 1 then 'supply.events' else g.exchange end,
             coalesce(m.routing_key, g.routing_key), coalesce(m.message_id, g.message_id), g.content_type,
             coalesce(g.headers, '{}'), coalesce(m.body, g.body)
      from gone g left join lateral packet_messages(case when g.messages > 1 then g.body end) as m on true
      order by g.id, m.place
      """)
    try await checkSequences(of: rows)
    return rows
  }

  /// Takes the events out of the outbox and hands those that `worker` consumes to it, until nothing follows any more.
  ///
  /// - Returns: All that was in the outbox meanwhile, whoever consumes it.
  @discardableResult
  public func settle(_ worker: Worker, _ manifest: WorkerManifest) async throws -> [Published] {
    var published: [Published] = []
    while true {
      let all = try await relay()
      published += all
      let rows = all.filter { row in
        row.exchange == "supply.events" && manifest.consumes.contains { $0.rawValue == row.routingKey }
      }
      if rows.isEmpty { return published }
      try await worker.take(rows.map(Letter.init))
    }
  }

  private func published(_ sql: String) async throws -> [Published] {
    try await inspect { connection in
      let rows = try connection.query(.once(sql))
      return try (0..<rows.count).map { row in
        Published(
          id: rows.int(row, 0), exchange: rows.text(row, 1), routingKey: rows.text(row, 2),
          messageID: rows.text(row, 3), contentType: rows.text(row, 4),
          headers: try HeaderText.decode(rows.text(row, 5)), body: rows.bytes(row, 6))
      }
    }
  }
}
