/// An event that we publish: everything but the bytes. One object, because it goes through many hands with all its
/// texts.
public final class OutgoingEvent: Sendable {
  /// Unique within `source`.
  public let id: String
  /// Which of our parts says it.
  public let source: String
  /// When it happened, by our clock.
  public let time: Timestamp
  /// The order or transfer that it belongs to.
  public let correlationID: String?
  /// Id of the message that caused it.
  public let causationID: String?
  /// W3C trace context.
  public let traceparent: String?
  /// The thing whose history `sequence` counts; its events leave in that order.
  public let aggregate: String
  /// Number in the aggregate's history, without gap.
  public let sequence: Int64
  /// What it is about.
  public let subject: String?
  /// The event with its payload.
  public let event: Event

  /// An event from its parts.
  public init(
    id: String, source: String, time: Timestamp, correlationID: String? = nil, causationID: String? = nil,
    traceparent: String? = nil, aggregate: String, sequence: Int64, subject: String? = nil, event: Event
  ) {
    self.id = id
    self.source = source
    self.time = time
    self.correlationID = correlationID
    self.causationID = causationID
    self.traceparent = traceparent
    self.aggregate = aggregate
    self.sequence = sequence
    self.subject = subject
    self.event = event
  }

  /// The aggregate of a note: what one of our parts asks of another, about nothing whose history it would belong to.
  public static func aggregate(ofNote id: String) -> String { "sweep/\(id)" }

  /// Whether it is a note, and no row counts it in its `sequence`.
  public var isNote: Bool { aggregate.hasPrefix("sweep/") }

  /// The `content_type` of every message that we publish and read.
  public static let contentType = "application/cloudevents+json"

  /// The message's body: a CloudEvent in structured JSON.
  public func encode() -> [UInt8] {
    var json = JSONWriter(capacity: 1000)
    encode(to: &json)
    return json.bytes
  }

  /// Writes the message's body behind what is there already.
  public func encode(to json: inout JSONWriter) {
    let type = event.type
    json.beginDocument()
    json.member(.specversion, "1.0")
    json.member(.id, id)
    json.member(.source, source)
    json.member(.type, type)
    json.member(.subject, subject)
    json.member(.time, time)
    json.member(.datacontenttype, "application/json")
    json.key(.dataschema)
    json.plainString { type.writeSchemaID(to: &$0) }
    json.member(.correlationID, correlationID)
    json.member(.causationID, causationID)
    json.member(.traceparent, traceparent)
    json.member(.aggregate, aggregate)
    json.member(.sequence, sequence)
    json.key(.data)
    event.encode(to: &json)
    json.endObject()
  }
}
