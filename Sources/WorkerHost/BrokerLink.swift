import AMQP
import Contracts
import Messaging
import Observability

/// A lane's consumer as the pipeline sees it.
final class BrokerLink: Messaging.Broker {
  /// The most bytes of bodies that a lane takes at once, and as many again may wait to be taken. The prefetch counts
  /// messages: of those that are as long as they may be it would not fit into any container.
  static let mostBytes = 8 << 20

  private let consumer: Consumer
  private let context: LaneContext
  private let late: LateAcknowledgement
  /// When the batch in hand was taken, or last went on.
  private var movedOn = ContinuousClock.now
  /// How long a batch may be held up before others get what waits behind it.
  private static let patience = Duration.seconds(3)

  init(_ consumer: Consumer, _ context: LaneContext) {
    self.consumer = consumer
    self.context = context
    late = LateAcknowledgement(consumer)
  }

  /// The last delivery that is settled; all before it are as well.
  var settledThrough: UInt64 { late.settledThrough }

  func take(upTo limit: Int, waiting: Duration) throws -> [Messaging.Delivery] {
    let taken = try late.take(upTo: limit, bytes: BrokerLink.mostBytes, waiting: waiting)
    movedOn = .now
    return taken.map(Messaging.Delivery.init)
  }

  func acknowledge(through tag: UInt64) throws {
    try late.acknowledge(through: tag)
    movedOn = .now
  }

  func reject(_ tag: UInt64) throws {
    try late.reject(tag)
    movedOn = .now
  }

  /// Sends the acknowledgement that was put off, before the connection is closed.
  func finish() throws { try late.send() }

  /// Called between the attempts of a batch that somebody else is in the way of. The broker hands the first lane all
  /// it has room for: while that one waits for a row, others shall have what needs another.
  func serve() throws {
    try keepAlive()
    guard isConsuming, movedOn.duration(to: .now) > BrokerLink.patience else { return }
    try giveBack(because: "others are in the way of its batch for long")
  }

  /// Serves the heartbeat while the lane does something else. What arrives meanwhile is kept as long as it fits.
  func keepAlive() throws {
    context.beat()
    try late.send()
    guard try !consumer.serve(holding: BrokerLink.mostBytes) else { return }
    try giveBack(because: "more arrives than the lane may hold while it waits")
  }

  /// Whether deliveries come. If not, the session ends when what was taken is settled, and another one begins.
  var isConsuming: Bool { !consumer.hasGivenBack }

  private func giveBack(because reason: String) throws {
    context.logger.warning(
      "the lane gives back what it has not begun with",
      metadata: [LogKey.queue: .string(consumer.queue), LogKey.reason: .string(reason)])
    try consumer.giveBack()
  }

  var isStopping: Bool { context.stop.isRaised }
}

extension Messaging.Delivery {
  convenience init(_ delivery: AMQP.Delivery) {
    self.init(
      tag: delivery.tag, body: delivery.body, routingKey: delivery.routingKey,
      messageID: delivery.properties.messageID.map(Self.short),
      contentType: delivery.properties.contentType.map(Self.short),
      redelivered: delivery.redelivered,
      headers: Self.headers(delivery.properties.headers))
  }

  private static func headers(_ headers: [String: HeaderValue]) -> [String: Header] {
    // Even a dictionary without entries would get memory of its own.
    if headers.isEmpty { return [:] }
    return headers.mapValues { value in
      if let number = value.int { return .int(number) }
      return .string(value.string ?? value.json)
    }
  }

  /// A property as it can be kept and published again. Bytes that are not UTF-8 were replaced by a longer sign, and so
  /// is a NUL, so that the text may have outgrown AMQP's 255 bytes.
  private static func short(_ text: String) -> String {
    let text = HeaderText.storable(text)
    guard text.utf8.count > 255 else { return text }
    var bytes = 0
    return String(
      text.prefix { character in
        bytes += character.utf8.count
        return bytes <= 255
      })
  }
}
