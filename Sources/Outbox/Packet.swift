import Contracts

/// Several events of one shard and one transaction in one row of the outbox.
///
/// A large batch has hundreds of events. With a row for each, rows and index entries are most of what the outbox costs
/// the database, when they are written, read and deleted; and events are much alike, so that together they compress to
/// a fifth. A row that is a packet has the events in its body:
///
/// ```
/// 7034512 731 order.reserved 0d6c6f4e-…        a line for each: aggregate, bytes, routing key, message id
/// -991203 802 order.backordered 5b2f70aa-…
///                                              an empty line
/// {"specversion":"1.0",…}{"specversion":"1.0",…}
/// ```
///
/// The view `outbox_messages` shows them one by one. A relay from before there were packets finds a row for the default
/// exchange and a queue that does not exist: the broker returns it, and it waits for a relay that can read it.
enum Packet {
  /// A transaction with fewer messages writes a row for each: there is little to gain, and people see what waits.
  static let leastWorthwhile = 64
  /// How many messages a packet holds at most.
  static let largestCount = 32
  /// How many bytes their bodies have at most, together.
  static let largestSize = 24_000
  /// What the row says in place of an exchange and a routing key.
  static let exchange = ""
  static let routingKey = "tallyman.packet"

  /// A message that can lie in a packet.
  protocol Content {
    var aggregate: Int64 { get }
    var routingKey: String { get }
    var messageID: String { get }
    var body: ArraySlice<UInt8> { get }
  }

  /// Whether a message is an event like most others, which needs no columns of its own.
  static func mayHold(_ row: OutboxRow) -> Bool {
    row.exchange == OutboxRow.eventExchange && row.contentType == OutboxRow.eventContentType && row.headers == nil
      && row.body.count <= largestSize && isWord(row.routingKey) && isWord(row.messageID)
  }

  private static func isWord(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { $0 > UInt8(ascii: " ") && $0 < 0x7F }
  }

  /// The row's body.
  static func encode(_ messages: some Collection<some Content>) -> [UInt8] {
    var text = TextWriter(capacity: messages.reduce(0) { $0 + $1.body.count + 128 })
    for message in messages {
      text.append(decimal: message.aggregate)
      text.append(UInt8(ascii: " "))
      text.append(decimal: Int64(message.body.count))
      text.append(UInt8(ascii: " "))
      text.append(message.routingKey)
      text.append(UInt8(ascii: " "))
      text.append(message.messageID)
      text.append(UInt8(ascii: "\n"))
    }
    text.append(UInt8(ascii: "\n"))
    for message in messages { text.append(message.body.span) }
    return text.bytes
  }

  /// A message as it lies in a packet.
  struct Part: Content {
    let aggregate: Int64
    let routingKey: String
    let messageID: String
    let body: ArraySlice<UInt8>
  }

  /// The messages of a row's body, nil if it is none that ``encode(_:)`` makes.
  static func decode(_ bytes: [UInt8], count: Int) -> [Part]? {
    var lines = Lines(bytes: bytes)
    var found: [(aggregate: Int64, size: Int, routingKey: String, messageID: String)] = []
    found.reserveCapacity(count)
    for _ in 0..<count {
      guard let aggregate = Int64(lines.word(upTo: " ")), let size = Int(lines.word(upTo: " ")), size >= 0 else {
        return nil
      }
      found.append((aggregate, size, lines.word(upTo: " "), lines.word(upTo: "\n")))
    }
    guard lines.word(upTo: "\n").isEmpty, found.reduce(0, { $0 &+ $1.size }) == bytes.count - lines.next else {
      return nil
    }
    var start = lines.next
    return found.map { part in
      defer { start += part.size }
      return Part(
        aggregate: part.aggregate, routingKey: part.routingKey, messageID: part.messageID,
        body: bytes[start..<start + part.size])
    }
  }

  /// Reads words one after the other; an empty one where there is none.
  private struct Lines {
    let bytes: [UInt8]
    var next = 0

    mutating func word(upTo end: Unicode.Scalar) -> String {
      let start = next
      let stop = UInt8(ascii: end)
      while next < bytes.count, bytes[next] != stop { next += 1 }
      guard next < bytes.count else { return "" }
      defer { next += 1 }
      return String(decoding: bytes[start..<next], as: UTF8.self)
    }
  }
}
