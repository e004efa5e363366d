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
    if let routingKey { try message.requireType(named: routingKey) }
    return message
  }

  /// Requires that the type is the one that the publisher needed the broker's permission for.
  ///
  /// - Parameter routingKey: What it was published with; where that names no known event, any type will do.
  public func requireType(named routingKey: String) throws(Malformed) {
    // The name of its own type needs no looking up.
    guard routingKey != envelope.type.rawValue, EventType.named(routingKey) != nil else { return }
    throw Malformed(
      field: WireField.type.rawValue, value: envelope.type.rawValue, rule: "equal to the routing key (\(routingKey))")
  }

  /// Where a message says that it comes from, if it can be read that far: for one that cannot be read as a whole.
  public static func source(in body: [UInt8]) -> String? {
    guard body.count <= Limits.bodyBytes else { return nil }
    let bytes = body.span
    var json = JSONCursor()
    do throws(Malformed) {
      var object = try json.object(bytes)
      while let field = try object.next(&json, bytes) {
        if field == .source { return try json.attribute(bytes, .source) }
        try object.skip(&json, bytes)
      }
      return nil
    } catch {
      return nil
    }
  }
}
