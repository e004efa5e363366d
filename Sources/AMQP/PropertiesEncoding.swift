import CRabbitMQ

extension Properties {
  /// These properties for librabbitmq, with their memory in `arena`.
  ///
  /// - Throws: ``AMQPError/invalidMessage(detail:)`` for a text longer than AMQP's 255 bytes.
  func encoded(in arena: Arena) throws(AMQPError) -> amqp_basic_properties_t {
    var wire = amqp_basic_properties_t()
    var flags: Int32 = AMQP_BASIC_DELIVERY_MODE_FLAG
    func text(_ value: String?, _ name: StaticString, _ flag: Int32) throws(AMQPError) -> amqp_bytes_t {
      guard let value else { return amqp_bytes_t(len: 0, bytes: nil) }
      flags |= flag
      return try arena.shortText(value, name)
    }
    wire.delivery_mode = persistent ? 2 : 1
    wire.message_id = try text(messageID, "message id", AMQP_BASIC_MESSAGE_ID_FLAG)
    wire.content_type = try text(contentType, "content type", AMQP_BASIC_CONTENT_TYPE_FLAG)
    wire.content_encoding = try text(contentEncoding, "content encoding", AMQP_BASIC_CONTENT_ENCODING_FLAG)
    wire.correlation_id = try text(correlationID, "correlation id", AMQP_BASIC_CORRELATION_ID_FLAG)
    wire.reply_to = try text(replyTo, "reply-to", AMQP_BASIC_REPLY_TO_FLAG)
    wire.type = try text(type, "type", AMQP_BASIC_TYPE_FLAG)
    wire.app_id = try text(appID, "app id", AMQP_BASIC_APP_ID_FLAG)
    if let timestamp {
      flags |= AMQP_BASIC_TIMESTAMP_FLAG
      wire.timestamp = timestamp
    }
    if !headers.isEmpty {
      for name in headers.keys where name.utf8.count > 255 {
        throw .invalidMessage(detail: "a header's name has \(name.utf8.count) bytes, at most 255 are possible")
      }
      flags |= AMQP_BASIC_HEADERS_FLAG
      wire.headers = arena.table(headers)
    }
    wire._flags = amqp_flags_t(flags)
    return wire
  }
}

extension Arena {
  /// A text of at most 255 bytes: AMQP's short string.
  ///
  /// - Throws: ``AMQPError/invalidMessage(detail:)`` when it is longer.
  func shortText(_ text: String, _ name: StaticString) throws(AMQPError) -> amqp_bytes_t {
    let length = text.utf8.count
    guard length <= 255 else {
      throw .invalidMessage(detail: "the \(name) has \(length) bytes, at most 255 are possible")
    }
    return bytes(text)
  }
}
