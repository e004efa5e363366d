import Contracts

/// One message that has been decided and waits for the relay: an event, a retry or a dead letter's copy.
public struct OutboxRow: Sendable {
  /// What the message is about; messages of one aggregate leave in the order in which they were written.
  public var aggregate: String
  /// The exchange to publish to; empty for the default exchange, which routes to the queue named by the key.
  public var exchange: String
  /// The routing key.
  public var routingKey: String
  /// The AMQP message id: the CloudEvents id, stable however often the row is published.
  public var messageID: String
  /// The AMQP content type.
  public var contentType: String
  /// AMQP headers as a JSON object of strings and integers, or nil for none.
  public var headers: String?
  /// The message itself.
  public var body: [UInt8]

  /// A row as it will be published.
  public init(
    aggregate: String, exchange: String, routingKey: String, messageID: String,
    contentType: String = OutboxRow.eventContentType, headers: String? = nil, body: [UInt8]
  ) {
    self.aggregate = aggregate
    self.exchange = exchange
    self.routingKey = routingKey
    self.messageID = messageID
    self.contentType = contentType
    self.headers = headers
    self.body = body
  }

  /// An event for everybody, on the topic exchange under its type.
  ///
  /// - Parameter event: Complete with id, aggregate and sequence.
  init(_ event: OutgoingEvent) {
    self.init(
      aggregate: event.aggregate, exchange: OutboxRow.eventExchange, routingKey: event.event.type.rawValue,
      messageID: event.id, body: event.encode())
  }

  /// The topic exchange on which all events travel.
  public static let eventExchange = "supply.events"

  /// Headers that are no notes but orders to the broker: it sends copies where they say, and closes the channel when
  /// they are no lists. What somebody else's message said so is not ours to repeat.
  public static let routingHeaders: Set<String> = ["CC", "BCC"]

  /// CloudEvents in structured JSON mode.
  public static let eventContentType = "application/cloudevents+json"
}
