import Contracts
import Outbox

/// A message as the broker handed it over, before anything is believed about it. One object, however many hands it goes
/// through.
public final class Delivery: Sendable {
  /// A header's value; other AMQP types arrive as JSON text.
  public typealias Header = HeaderText.Value

  /// Identifies the delivery on its channel, for the acknowledgement.
  public let tag: UInt64
  /// The body's bytes.
  public let body: [UInt8]
  /// The key it was published or dead-lettered with.
  public let routingKey: String
  /// The AMQP message id.
  public let messageID: String?
  /// The AMQP content type.
  public let contentType: String?
  /// Whether the broker has delivered it before.
  public let redelivered: Bool
  /// AMQP headers.
  public let headers: [String: Header]

  /// A delivery as received.
  public init(
    tag: UInt64, body: [UInt8], routingKey: String, messageID: String?, contentType: String?, redelivered: Bool,
    headers: [String: Header]
  ) {
    self.tag = tag
    self.body = body
    self.routingKey = routingKey
    self.messageID = messageID
    self.contentType = contentType
    self.redelivered = redelivered
    self.headers = headers
  }

  /// How often this message went through a retry tier or was replayed: our own header, 0 when absent.
  public var attempt: Int32 {
    guard case .int(let attempt)? = headers[HeaderName.attempt], attempt > 0 else { return 0 }
    return Int32(clamping: attempt)
  }

  /// The key that its publisher used, and had to be allowed to use. A retry and a replay come by the queue's name and
  /// bring it as a header, which says nothing on a message that came by a key of its own.
  func publishedKey(on queue: String) -> String { routingKey == queue ? carriedKey ?? routingKey : routingKey }

  /// The key in the header that a retry or a replay has.
  var carriedKey: String? {
    guard case .string(let key)? = headers[HeaderName.routingKey] else { return nil }
    return key
  }

  /// The headers that go along when the message is published again: all but the broker's own notes about its past way,
  /// which it keeps in types and by rules of its own, and those that would send copies elsewhere.
  var carriedHeaders: [String: Header] {
    headers.filter { name, _ in
      !OutboxRow.routingHeaders.contains(name)
        && !["x-death", "x-first-death-", "x-last-death-", "x-delivery-count", "x-acquired-count"].contains {
          name.hasPrefix($0)
        }
    }
  }

  /// Those of them that can be published again and fit into one frame of the protocol beside our own: what a publisher
  /// overdid stays in the record. A name's bytes that are not UTF-8 were replaced by a longer sign, and so is a NUL: it
  /// may have outgrown AMQP's 255 bytes.
  var portableHeaders: [String: Header] {
    let headers = carriedHeaders.filter { HeaderText.storable($0.key).utf8.count <= 255 }
    return HeaderText.encode(headers).utf8.count > 64_000 ? [:] : headers
  }

  /// When an operator replayed it, as our header says.
  public var replayedAt: Timestamp? {
    guard case .string(let text)? = headers[HeaderName.replayedAt] else { return nil }
    return Timestamp(rfc3339: text)
  }

  /// When the first attempt arrived, as our header says.
  public var firstSeen: Timestamp? {
    guard case .string(let text)? = headers[HeaderName.firstSeen] else { return nil }
    return Timestamp(rfc3339: text)
  }
}

/// The AMQP headers that Tallyman sets on retries and on dead letters' copies.
public enum HeaderName {
  /// Which attempt this message is; integer.
  public static let attempt = "x-tallyman-attempt"
  /// When the first attempt arrived; RFC 3339.
  public static let firstSeen = "x-tallyman-first-seen"
  /// When an operator replayed it; RFC 3339.
  public static let replayedAt = "x-tallyman-replayed-at"
  /// The routing key that its publisher used; a retry and a replay come by the queue's name.
  public static let routingKey = "x-tallyman-routing-key"
  /// Why it is here; a sentence.
  public static let reason = "x-tallyman-reason"
  /// The field the reason is about.
  public static let field = "x-tallyman-field"
  /// The value found there.
  public static let value = "x-tallyman-value"
  /// What would have been right.
  public static let rule = "x-tallyman-rule"
  /// The work queue it came from.
  public static let sourceQueue = "x-tallyman-source-queue"
  /// The record of a dead letter's copy; integer.
  public static let deadLetterID = "x-tallyman-dead-letter-id"
}
