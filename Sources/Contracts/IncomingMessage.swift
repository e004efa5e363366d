/// A message as it came from the broker, decoded and valid.
public struct IncomingMessage: Hashable, Sendable {
  /// What CloudEvents says about it.
  public var envelope: Envelope
  /// The event with its payload.
  public var event: Event

  /// A message from its parts.
  public init(envelope: Envelope, event: Event) {
    self.envelope = envelope
    self.event = event
  }

  /// Decodes a CloudEvent in structured JSON.
  ///
  /// - Parameters:
  ///   - body: at most 1 MiB of JSON.
  ///   - contentType: the AMQP property; must be `application/cloudevents+json`, parameters allowed.
  ///   - messageID: the AMQP property; where present it must equal the envelope's id.
  ///   - routingKey: where it is the name of a known event it must equal the envelope's type.
  /// - Throws: the first rule that the message breaks.
  public static func decode(
    body: [UInt8], contentType: String?, messageID: String?, routingKey: String?
  ) throws(Malformed) -> IncomingMessage {
    try EnvelopeReader.requireContentType(contentType)
    guard body.count <= Limits.bodyBytes else {
      throw Malformed(
        field: Malformed.body, value: "\(body.count) bytes", rule: "at most \(Limits.bodyBytes) bytes")
    }
    let message = try EnvelopeReader.read(body.span)
    if let messageID, messageID != message.envelope.id {
      throw Malformed(
        field: "message_id", value: messageID, rule: "equal to the id in the body (\(message.envelope.id))")
    }
    // The name of its own type needs no looking up.
    if let routingKey, routingKey != message.envelope.type.rawValue, EventType.named(routingKey) != nil {
      throw Malformed(
        field: WireField.type.rawValue, value: message.envelope.type.rawValue,
        rule: "equal to the routing key (\(routingKey))")
    }
    return message
  }
}
