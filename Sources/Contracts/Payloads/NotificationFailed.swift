/// `notification.failed`: given up after the last attempt.
public struct NotificationFailed: Payload {
  /// Stable id of the notification, the same at every attempt.
  public var notificationID: String
  /// How it was sent.
  public var channel: NotificationChannel
  /// Mail address or name of the endpoint.
  public var recipient: String
  /// The event that it tells about.
  public var eventID: String
  /// That event's type.
  public var eventType: EventType
  /// Attempts made, this one included.
  public var attempts: Int32
  /// The last attempt's error.
  public var reason: String

  /// From values that are known to keep the rules of the wire format.
  public init(
    notificationID: String,
    channel: NotificationChannel,
    recipient: String,
    eventID: String,
    eventType: EventType,
    attempts: Int32,
    reason: String
  ) {
    self.notificationID = notificationID
    self.channel = channel
    self.recipient = recipient
    self.eventID = eventID
    self.eventType = eventType
    self.attempts = attempts
    self.reason = reason
  }
}

extension NotificationFailed {
  /// Reads the object that comes next.
  public init(decoding json: inout JSONCursor, _ bytes: Span<UInt8>) throws(Malformed) {
    var notificationID: String?
    var channel: NotificationChannel?
    var recipient: String?
    var eventID: String?
    var eventType: EventType?
    var attempts: Int32?
    var reason: String?
    var object = try json.object(bytes)
    while let field = try object.next(&json, bytes) {
      switch field {
      case .notificationID: notificationID = try json.key(bytes, .notificationID)
      case .channel: channel = try json.choice(bytes, .channel)
      case .recipient: recipient = try json.text(bytes, .recipient, 1...500)
      case .eventID: eventID = try json.attribute(bytes, .eventID)
      case .eventType: eventType = try json.choice(bytes, .eventType)
      case .attempts: attempts = try json.int32(bytes, .attempts, Limits.attempts)
      case .reason: reason = try json.text(bytes, .reason, 1...1000)
      default: try object.skip(&json, bytes)
      }
    }
    self.notificationID = try WireField.notificationID.required(notificationID)
    self.channel = try WireField.channel.required(channel)
    self.recipient = try WireField.recipient.required(recipient)
    self.eventID = try WireField.eventID.required(eventID)
    self.eventType = try WireField.eventType.required(eventType)
    self.attempts = try WireField.attempts.required(attempts)
    self.reason = try WireField.reason.required(reason)
  }

  /// Writes the payload as one object.
  public func encode(to json: inout JSONWriter) {
    json.beginObject()
    json.member(.notificationID, notificationID)
    json.member(.channel, channel)
    json.member(.recipient, recipient)
    json.member(.eventID, eventID)
    json.member(.eventType, eventType)
    json.member(.attempts, attempts)
    json.member(.reason, reason)
    json.endObject()
  }
}
