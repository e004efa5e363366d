/// The names of log metadata keys: each stands here once, so that a query written against one worker's logs works
/// against all.
public enum LogKey {
  /// CloudEvents `id` of the message at hand.
  public static let messageID = "message_id"
  /// CloudEvents `type`, the event's wire name.
  public static let type = "type"
  /// The order or transfer to which the message belongs.
  public static let correlationID = "correlation_id"
  /// How the message ended: the disposition's name.
  public static let outcome = "outcome"
  /// Name of the lane whose thread wrote the line.
  public static let lane = "lane"
  /// Delivery attempt, 0 for the first.
  public static let attempt = "attempt"
  /// Queue from which the message was taken.
  public static let queue = "queue"
  /// Number of messages in a batch.
  public static let batchSize = "batch_size"
  /// Text of an error. Never carries a secret or a message's body.
  public static let error = "error"
  /// What a pause, a halving or a refusal was for.
  public static let reason = "reason"
  /// Time something took, in seconds.
  public static let seconds = "seconds"
  /// Delivery channel: email or webhook.
  public static let channel = "channel"
  /// Identifier of a notification's delivery.
  public static let deliveryID = "delivery_id"
  /// Host to which something is bound or connected.
  public static let host = "host"
  /// TCP port to which something is bound or connected.
  public static let port = "port"
  /// Name of a setting.
  public static let setting = "setting"
  /// A session of the database: its process, role and name.
  public static let session = "session"
  /// A number of rows.
  public static let rows = "rows"
}
