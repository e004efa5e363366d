import CRabbitMQ

/// Puts messages together from their frames: a method (deliver or return), a header, any number of body frames.
///
/// It keeps what has arrived between calls, since a message's frames may arrive at different times.
struct ContentAssembler {
  /// A complete message.
  enum Content {
    /// For the consumer.
    case delivery(Delivery)
    /// A mandatory message that no queue wanted, on its way back to the publisher.
    case returned(ReturnedMessage)
  }

  private enum Opening {
    case none
    case delivery(tag: UInt64, redelivered: Bool, exchange: String, routingKey: String)
    case returned(code: Int, text: String, exchange: String, routingKey: String)
  }

  private var opening = Opening.none
  private var properties = Properties()
  private var remaining: UInt64?
  private var body: [UInt8] = []
  private var decoder = PropertiesDecoder()
  private var exchange = RepeatedText()
  private var routingKey = RepeatedText()

  /// A body's memory is reserved up to this size at once; beyond, it grows with what really arrives.
  private static let largestReservation = 16 << 20

  mutating func begin(_ method: amqp_basic_deliver_t) throws(AMQPError) {
    try requireIdle()
    opening = .delivery(
      tag: method.delivery_tag, redelivered: method.redelivered != 0, exchange: exchange.text(method.exchange),
      routingKey: routingKey.text(method.routing_key))
  }

  mutating func begin(_ method: amqp_basic_return_t) throws(AMQPError) {
    try requireIdle()
    opening = .returned(
      code: Int(method.reply_code), text: String(method.reply_text), exchange: exchange.text(method.exchange),
      routingKey: routingKey.text(method.routing_key))
  }

  /// Takes the header frame.
  ///
  /// - Parameters:
  ///   - size: The whole body's size in bytes.
  ///   - wire: The decoded properties, valid during the call.
  /// - Returns: The message, if it has no body.
  mutating func header(
    size: UInt64, properties wire: UnsafePointer<amqp_basic_properties_t>
  ) throws(AMQPError) -> Content? {
    if case .none = opening { throw .protocolViolation(detail: "a content header without a method") }
    guard remaining == nil else { throw .protocolViolation(detail: "a second content header") }
    properties = decoder.decode(wire)
    remaining = size
    return size == 0 ? finish() : nil
  }

  /// Takes one body frame; its bytes are valid during the call.
  ///
  /// - Returns: The message, if this was its last frame.
  mutating func body(_ fragment: UnsafeRawBufferPointer) throws(AMQPError) -> Content? {
    guard let missing = remaining, UInt64(fragment.count) <= missing else {
      throw .protocolViolation(detail: "more body than announced")
    }
    if body.isEmpty, UInt64(fragment.count) == missing {
      body = [UInt8](fragment)  // the usual case: one frame, one allocation, one copy
    } else {
      if body.isEmpty { body.reserveCapacity(Int(min(missing, UInt64(Self.largestReservation)))) }
      body.append(contentsOf: fragment)
    }
    remaining = missing - UInt64(fragment.count)
    return remaining == 0 ? finish() : nil
  }

  private func requireIdle() throws(AMQPError) {
    if case .none = opening { return }
    throw .protocolViolation(detail: "a message began within another")
  }

  private mutating func finish() -> Content? {
    defer {
      opening = .none
      remaining = nil
      body = []
    }
    switch opening {
    case .none: return nil
    case .delivery(let tag, let redelivered, let exchange, let routingKey):
      return .delivery(
        Delivery(
          tag: tag, exchange: exchange, routingKey: routingKey, redelivered: redelivered, properties: properties,
          body: body))
    case .returned(let code, let text, let exchange, let routingKey):
      return .returned(
        ReturnedMessage(
          code: code, text: text, exchange: exchange, routingKey: routingKey, messageID: properties.messageID))
    }
  }
}
