/// Reads a CloudEvent; the order of its attributes is free.
struct EnvelopeReader: ~Copyable {
  private var hasVersion = false
  private var type: EventType?
  private var time: Timestamp?
  private var event: Event?
  /// Where `data` starts, where it came before `type`.
  private var postponed: JSONCursor?

  static func requireContentType(_ contentType: String?) throws(Malformed) {
    if contentType == OutgoingEvent.contentType { return }
    let media = contentType?.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
    guard media.lowercased().filter({ $0 != " " && $0 != "\t" }) == OutgoingEvent.contentType else {
      throw Malformed(field: "content_type", value: contentType ?? "absent", rule: OutgoingEvent.contentType)
    }
  }

  static func read(_ bytes: Span<UInt8>) throws(Malformed) -> IncomingMessage {
    do throws(Malformed) {
      var reader = EnvelopeReader()
      // Filled attribute by attribute, and handed on as it is: it has many texts, and each copy counts all of them.
      var envelope = Envelope(id: "", source: "", type: .orderCreated, time: Timestamp(microseconds: 0))
      var json = JSONCursor()
      var object = try json.object(bytes)
      while let field = try object.next(&json, bytes) {
        try reader.attribute(field, of: object, &envelope, &json, bytes)
      }
      try json.end(bytes)
      let event = try reader.finish(&envelope, bytes)
      return IncomingMessage(envelope: consume envelope, event: event)
    } catch {
      throw error.rooted
    }
  }

  private mutating func attribute(
    _ field: WireField, of object: JSONObject, _ envelope: inout Envelope, _ json: inout JSONCursor,
    _ bytes: Span<UInt8>
  ) throws(Malformed) {
    switch field {
    case .specversion: try version(&json, bytes)
    case .id: envelope.id = try json.attribute(bytes, .id)
    case .source: envelope.source = try json.attribute(bytes, .source)
    case .type: type = try eventType(&json, bytes)
    case .time: time = try json.timestamp(bytes, .time)
    case .data: try data(&json, bytes)
    case .datacontenttype: try contentType(&json, bytes)
    case .subject: envelope.subject = try optionalText(&json, bytes, .subject)
    case .dataschema: envelope.dataSchema = try optionalText(&json, bytes, .dataschema)
    case .correlationID: envelope.correlationID = try optionalText(&json, bytes, .correlationID)
    case .causationID: envelope.causationID = try optionalText(&json, bytes, .causationID)
    case .traceparent: envelope.traceparent = try optionalText(&json, bytes, .traceparent)
    case .aggregate: envelope.aggregate = try optionalText(&json, bytes, .aggregate)
    case .sequence: envelope.sequence = try sequence(&json, bytes)
    default: try object.skip(&json, bytes)
    }
  }

  private func optionalText(
    _ json: inout JSONCursor, _ bytes: Span<UInt8>, _ field: WireField
  ) throws(Malformed) -> String? {
    try json.takeNull(bytes) ? nil : json.attribute(bytes, field)
  }

  private mutating func version(_ json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    if try !json.take(string: "1.0", bytes, .specversion) {
      let version = try json.string(bytes, .specversion)
      guard version == "1.0" else { throw Malformed(field: "specversion", value: version, rule: "1.0") }
    }
    hasVersion = true
  }

  private func eventType(_ json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) -> EventType {
    let name = try json.string(bytes, .type)
    guard let type = EventType.named(name) else {
      throw Malformed(field: "type", value: name, rule: "the name of an event that Tallyman knows")
    }
    return type
  }

  private func contentType(_ json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    if json.takeNull(bytes) { return }
    if try json.take(string: "application/json", bytes, .datacontenttype) { return }
    let type = try json.string(bytes, .datacontenttype)
    guard type == "application/json" else {
      throw Malformed(field: "datacontenttype", value: type, rule: "application/json")
    }
  }

  /// Our own events carry an integer. CloudEvents' extension of the same name is a string, whose form each publisher
  /// chooses: it is read where it is a plain number, and else counts as absent, because nothing here depends on it.
  private func sequence(_ json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) -> Int64? {
    if json.takeNull(bytes) { return nil }
    if json.peek(bytes) == UInt8(ascii: "\"") { return Int64(try json.string(bytes, .sequence)) }
    return try json.integer(bytes, .sequence, Limits.total)
  }

  private mutating func data(_ json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    if let type {
      event = try Self.payload(type, &json, bytes)
    } else {
      postponed = json
      do throws(Malformed) { try json.skip(bytes) } catch { throw error.inside("data") }
    }
  }

  private static func payload(
    _ type: EventType, _ json: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(Malformed) -> Event {
    do throws(Malformed) {
      return try Event(type, decoding: &json, bytes)
    } catch {
      throw error.inside("data")
    }
  }

  /// Checks that everything was there and returns the payload.
  private consuming func finish(_ envelope: inout Envelope, _ bytes: Span<UInt8>) throws(Malformed) -> Event {
    try WireField.specversion.require(hasVersion)
    // An attribute that was there is not empty.
    try WireField.id.require(!envelope.id.isEmpty)
    try WireField.source.require(!envelope.source.isEmpty)
    envelope.type = try WireField.type.required(type)
    envelope.time = try WireField.time.required(time)
    if let schema = envelope.dataSchema, schema != envelope.type.schemaID, schema.hasPrefix("urn:tallyman:") {
      throw Malformed(field: "dataschema", value: schema, rule: envelope.type.schemaID)
    }
    if var postponed, event == nil {
      event = try Self.payload(envelope.type, &postponed, bytes)
    }
    return try WireField.data.required(event)
  }
}
