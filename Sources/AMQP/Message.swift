/// A value in a message's headers or in the arguments of a declaration.
public indirect enum HeaderValue: Sendable, Hashable {
  /// Text; bytes that are not UTF-8 are replaced on the way in.
  case string(String)
  /// Any integer type of AMQP on the way in, 64 bits on the way out.
  case int(Int64)
  /// True or false.
  case bool(Bool)
  /// A floating-point number.
  case double(Double)
  /// Seconds since the Unix epoch.
  case timestamp(UInt64)
  /// Raw bytes.
  case bytes([UInt8])
  /// Nested values in order, such as those of `x-death`.
  case array([HeaderValue])
  /// Nested values by name.
  case table([String: HeaderValue])
  /// AMQP's void.
  case null
  /// A type that nobody here computes with (decimal, nested too deep, above `Int64`): its description.
  case other(String)

  /// The text, if this is text.
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  /// The integer, if this is one.
  public var int: Int64? { if case .int(let value) = self { value } else { nil } }
}

/// A message's properties, as AMQP 0-9-1 defines them.
public struct Properties: Sendable, Hashable {
  /// The publisher's id of the message; the same id again is the same message again.
  public var messageID: String?
  /// Such as `application/cloudevents+json`.
  public var contentType: String?
  /// Such as `gzip`.
  public var contentEncoding: String?
  /// What the message belongs to.
  public var correlationID: String?
  /// Where an answer should go.
  public var replyTo: String?
  /// The message's type.
  public var type: String?
  /// What published it.
  public var appID: String?
  /// Seconds since the Unix epoch, as the publisher says.
  public var timestamp: UInt64?
  /// Free headers.
  public var headers: [String: HeaderValue]
  /// Whether the broker keeps the message on disk.
  public var persistent: Bool

  /// - Parameters:
  ///   - messageID: See ``messageID``.
  ///   - contentType: See ``contentType``.
  ///   - contentEncoding: See ``contentEncoding``.
  ///   - correlationID: See ``correlationID``.
  ///   - replyTo: See ``replyTo``.
  ///   - type: See ``type``.
  ///   - appID: See ``appID``.
  ///   - timestamp: See ``timestamp``.
  ///   - headers: See ``headers``.
  ///   - persistent: See ``persistent``.
  public init(
    messageID: String? = nil, contentType: String? = nil, contentEncoding: String? = nil, correlationID: String? = nil,
    replyTo: String? = nil, type: String? = nil, appID: String? = nil, timestamp: UInt64? = nil,
    headers: [String: HeaderValue] = [:], persistent: Bool = true
  ) {
    self.messageID = messageID
    self.contentType = contentType
    self.contentEncoding = contentEncoding
    self.correlationID = correlationID
    self.replyTo = replyTo
    self.type = type
    self.appID = appID
    self.timestamp = timestamp
    self.headers = headers
    self.persistent = persistent
  }
}

/// A message that the broker delivered to a ``Consumer``.
public struct Delivery: Sendable, Hashable {
  /// What to acknowledge it by. It belongs to the connection that it came over and to no later one.
  public let tag: UInt64
  /// The exchange that it was published to.
  public let exchange: String
  /// The routing key that it was published with.
  public let routingKey: String
  /// Whether it may have been delivered before.
  public let redelivered: Bool
  /// Its properties.
  public let properties: Properties
  /// Its content, of any size.
  public let body: [UInt8]

  /// - Parameters:
  ///   - tag: See ``tag``.
  ///   - exchange: See ``exchange``.
  ///   - routingKey: See ``routingKey``.
  ///   - redelivered: See ``redelivered``.
  ///   - properties: See ``properties``.
  ///   - body: See ``body``.
  public init(
    tag: UInt64, exchange: String, routingKey: String, redelivered: Bool, properties: Properties, body: [UInt8]
  ) {
    self.tag = tag
    self.exchange = exchange
    self.routingKey = routingKey
    self.redelivered = redelivered
    self.properties = properties
    self.body = body
  }

  /// How often a quorum queue delivered it before; 0 the first time, and for other queue types.
  public var deliveryCount: Int64 { properties.headers["x-delivery-count"]?.int ?? 0 }
}

/// A queue as a declaration answered.
public struct QueueState: Sendable, Hashable {
  /// Its name, also when the broker chose it.
  public let name: String
  /// Messages ready for delivery. Quorum queues count with some delay.
  public let messages: Int
  /// Consumers at that moment.
  public let consumers: Int
}
