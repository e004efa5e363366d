import Postgres

/// A row that waits for its relay: one object, kept until the broker has answered for it.
public final class WaitingRow: Sendable {
  /// Its shard.
  public let shard: Int16
  /// Its place within the shard.
  public let id: Int64
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
  public let body: [UInt8]

  /// A row without a message, for tests of what happens to rows.
  init(shard: Int16, id: Int64, aggregate: Int64) {
    self.shard = shard
    self.id = id
    self.aggregate = aggregate
    (exchange, routingKey, messageID, contentType, headers, body) = ("", "", "\(id)", "", nil, [])
  }

  init(_ rows: Rows, _ row: Int) {
    shard = rows.int2(row, 0)
    id = rows.int(row, 1)
    aggregate = rows.int(row, 2)
    exchange = rows.text(row, 3)
    routingKey = rows.text(row, 4)
    messageID = rows.text(row, 5)
    contentType = rows.text(row, 6)
    headers = rows.optionalText(row, 7)
    body = rows.bytes(row, 8)
  }
}
