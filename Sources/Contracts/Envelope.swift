/// What CloudEvents 1.0 says about an event, apart from its payload. Each text is 1 to 255 bytes without control
/// characters.
public struct Envelope: Hashable, Sendable {
  /// With `source` the identity of the message; the same when it is sent again.
  public var id: String
  /// Who published it.
  public var source: String
  /// The event's name.
  public var type: EventType
  /// What it is about.
  public var subject: String?
  /// When it happened by the publisher's clock.
  public var time: Timestamp
  /// The order or transfer that it belongs to.
  public var correlationID: String?
  /// Id of the event that caused it.
  public var causationID: String?
  /// W3C trace context.
  public var traceparent: String?
  /// Id or address of the schema.
  public var dataSchema: String?
  /// The thing whose history `sequence` counts.
  public var aggregate: String?
  /// Number in the aggregate's history.
  public var sequence: Int64?

  /// An envelope from its parts.
  public init(
    id: String, source: String, type: EventType, subject: String? = nil, time: Timestamp,
    correlationID: String? = nil, causationID: String? = nil, traceparent: String? = nil,
    dataSchema: String? = nil, aggregate: String? = nil, sequence: Int64? = nil
  ) {
    self.id = id
    self.source = source
    self.type = type
    self.subject = subject
    self.time = time
    self.correlationID = correlationID
    self.causationID = causationID
    self.traceparent = traceparent
    self.dataSchema = dataSchema
    self.aggregate = aggregate
    self.sequence = sequence
  }
}
