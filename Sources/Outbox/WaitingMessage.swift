import Postgres

/// A message that waits for its relay: one object, kept until the broker has answered for it.
public final class WaitingMessage: Sendable {
  /// The shard of its row.
  public let shard: Int16
  /// Its row's place within the shard.
  public let id: Int64
  /// Its place within its row, from 0.
  public let place: Int
  /// Hash of its aggregate.
  public let aggregate: Int64
  /// Where to publish it.
  public let exchange: String
  /// The key to publish it with.
  public let routingKey: String
  /// The AMQP message id.
  public let messageID: String
  /// The AMQP content type.
  public let contentType: String
  /// AMQP headers as a JSON object, or nil.
  public let headers: String?
  /// The message.
  public let body: ArraySlice<UInt8>
  /// Whether its row claims to be a packet and is none: then nothing of it can be published.
  public let isUnreadable: Bool

  /// A row's only message without content, for tests of what happens to rows.
  init(shard: Int16, id: Int64, aggregate: Int64, place: Int = 0, exchange: String = "") {
    self.shard = shard
    self.id = id
    self.place = place
    self.aggregate = aggregate
    self.exchange = exchange
    (routingKey, messageID, contentType, headers, body) = ("", "\(id)", "", nil, [])
    isUnreadable = false
  }

  /// A row's only message.
  private init(_ rows: Rows, _ row: Int, _ body: [UInt8], isUnreadable: Bool = false) {
    shard = rows.int2(row, 0)
    id = rows.int(row, 1)
    place = 0
    aggregate = rows.int(row, 2)
    exchange = rows.text(row, 3)
    routingKey = rows.text(row, 4)
    messageID = rows.text(row, 5)
    contentType = rows.text(row, 6)
    headers = rows.optionalText(row, 7)
    self.body = body[...]
    self.isUnreadable = isUnreadable
  }

  /// A message of a packet.
  private init(_ part: Packet.Part, at place: Int, shard: Int16, id: Int64) {
    self.shard = shard
    self.id = id
    self.place = place
    aggregate = part.aggregate
    exchange = OutboxRow.eventExchange
    routingKey = part.routingKey
    messageID = part.messageID
    contentType = OutboxRow.eventContentType
    headers = nil
    body = part.body
    isUnreadable = false
  }

  /// The messages of a row of ``OutboxStatements/take``.
  static func all(_ rows: Rows, _ row: Int) -> [WaitingMessage] {
    let count = Int(rows.int2(row, 9))
    let body = rows.bytes(row, 8)
    guard count > 1 else { return [WaitingMessage(rows, row, body)] }
    guard let parts = Packet.decode(body, count: count) else {
      return [WaitingMessage(rows, row, body, isUnreadable: true)]
    }
    let (shard, id) = (rows.int2(row, 0), rows.int(row, 1))
    return parts.enumerated().map { WaitingMessage($1, at: $0, shard: shard, id: id) }
  }
}
