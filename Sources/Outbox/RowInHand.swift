import Postgres

/// What a relay knows about a row that it has been handed.
struct RowInHand {
  let shard: Int16
  let id: Int64
  /// How many messages it holds.
  let count: Int
  /// How many of them the broker has confirmed.
  private(set) var confirmed = 0
  /// Those that were let go without having been published, in their order.
  private(set) var rest: [WaitingMessage] = []

  init(shard: Int16, id: Int64, count: Int) {
    self.shard = shard
    self.id = id
    self.count = count
  }

  /// Whether one of its messages is still in somebody's hands.
  var isOpen: Bool { confirmed + rest.count < count }

  mutating func confirm() { confirmed += 1 }

  mutating func letGo(_ message: WaitingMessage) {
    let place = rest.firstIndex { $0.place > message.place } ?? rest.endIndex
    rest.insert(message, at: place)
  }

  /// A row's columns when only those are left that were let go: a packet, or the one message itself.
  var remainder: [Parameter] {
    let key: [Parameter] = [.int2(shard), .int(id)]
    if rest.count == 1 {
      let message = rest[0]
      return key + [
        .int(message.aggregate), .text(message.exchange), .text(message.routingKey), .text(message.messageID), .int2(1),
        .bytea(Array(message.body)),
      ]
    }
    var packet = Packet.Writer()
    for message in rest {
      let body = message.body
      packet.add(
        body.span, aggregate: message.aggregate, routingKey: message.routingKey, messageID: message.messageID)
    }
    return key + [
      .int(0), .text(Packet.exchange), .text(Packet.routingKey), .text(""), .int2(Int16(clamping: rest.count)),
      .bytea(packet.finish()),
    ]
  }
}
