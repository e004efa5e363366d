/// The names of tracing spans, each once.
public enum SpanName {
  /// A batch from its first message taken to its acknowledgement.
  public static let batch = "tallyman.batch"
  /// One transaction, its repetitions included.
  public static let transaction = "tallyman.transaction"
  /// A relay's pass: rows claimed, published and settled.
  public static let relay = "tallyman.relay"
  /// One mail or webhook.
  public static let delivery = "tallyman.delivery"
}
