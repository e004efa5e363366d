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
  /// With so many bytes of bodies it is full, however few messages they are.
  static let fullSize = 24_000
  /// What the row says in place of an exchange and a routing key.
  static let exchange = ""
  static let routingKey = "tallyman.packet"

  /// Whether a message is an event like most others, which needs no columns of its own.
  static func mayHold(_ row: OutboxRow) -> Bool {
    row.exchange == OutboxRow.eventExchange && row.contentType == OutboxRow.eventContentType && row.headers == nil
      && isWord(row.routingKey) && isWord(row.messageID)
  }

  /// The same of an event that is not a row yet.
  static func mayHold(_ event: OutgoingEvent) -> Bool { isWord(event.id) }

  private static func isWord(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { $0 > UInt8(ascii: " ") && $0 < 0x7F }
  }

  /// Writes a row's body, message by message.
  struct Writer: ~Copyable {
    private var lines = TextWriter(capacity: 4_000)
    private var bodies = JSONWriter(capacity: 32_000)
    private(set) var count = 0

    var isFull: Bool { count >= Packet.largestCount || bodies.count >= Packet.fullSize }

    mutating func add(_ event: OutgoingEvent, aggregate: Int64) {
      let start = bodies.count
      event.encode(to: &bodies)
      addLine(aggregate, bodies.count - start, event.event.type.rawValue, event.id)
    }

    mutating func add(_ body: Span<UInt8>, aggregate: Int64, routingKey: String, messageID: String) {
      bodies.append(body)
      addLine(aggregate, body.count, routingKey, messageID)
    }

    private mutating func addLine(_ aggregate: Int64, _ size: Int, _ routingKey: String, _ messageID: String) {
      lines.append(decimal: aggregate)
      lines.append(UInt8(ascii: " "))
      lines.append(decimal: Int64(size))
      lines.append(UInt8(ascii: " "))
      lines.append(routingKey)
      lines.append(UInt8(ascii: " "))
      lines.append(messageID)
      lines.append(UInt8(ascii: "\n"))
      count += 1
    }

    consuming func finish() -> [UInt8] {
      lines.append(UInt8(ascii: "\n"))
      bodies.append(to: &lines)
      return lines.bytes
    }
  }

  /// A message as it lies in a packet.
  struct Part {
    let aggregate: Int64
    let routingKey: String
    let messageID: String
    let body: ArraySlice<UInt8>
  }

  /// The messages of a row's body, nil if it is none that a ``Writer`` makes.
  static func decode(_ bytes: [UInt8], count: Int) -> [Part]? {
    var lines = Lines(bytes: bytes)
    var found: [(aggregate: Int64, size: Int, routingKey: String, messageID: String)] = []
    found.reserveCapacity(count)
    for _ in 0..<count {
      guard let aggregate = Int64(lines.word(upTo: " ")), let size = Int(lines.word(upTo: " ")),
        (0...bytes.count).contains(size)
      else { return nil }
      found.append((aggregate, size, lines.word(upTo: " "), lines.word(upTo: "\n")))
    }
    guard lines.word(upTo: "\n").isEmpty, found.reduce(0, { $0 + $1.size }) == bytes.count - lines.next else {
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
