import Outbox

/// What a turn of the relay did.
public struct RelayReport: Sendable {
  /// Confirmed and settled.
  public internal(set) var published = 0
  /// Not published, because an earlier one of their aggregate failed.
  public internal(set) var held = 0
  /// How many the broker refused.
  public internal(set) var nacked = 0
  /// How many could not be published, those that the broker refused among them.
  public private(set) var failed = 0
  /// What could not be published, with its key and why; at most 20 are kept.
  public private(set) var failures: [(routingKey: String, messageID: String, why: String)] = []
  /// Whether nothing is left that could be published now, so that the relay may sleep.
  public internal(set) var isIdle = false

  mutating func fail(_ message: WaitingMessage, _ why: String) {
    failed += 1
    if failures.count < 20 { failures.append((message.routingKey, message.messageID, why)) }
  }
}
