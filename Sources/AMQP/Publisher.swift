import CRabbitMQ
import Lanes

/// Publishes messages and learns what became of each.
///
/// One publisher per connection, best on a connection without a consumer: under an alarm the broker stops reading from
/// connections that publish. Everything blocks, with a bound, and may only be called on a lane.
public final class Publisher {
  /// The connection that is published over.
  public let connection: Connection
  private let arena = Arena()
  private var serviced = ContinuousClock.now

  /// How long frames may wait unread while messages are published one after the other. Much less than any heartbeat,
  /// and long enough that the look costs nothing.
  private static let serviceInterval = Duration.milliseconds(5)

  /// Switches the channel to confirms.
  ///
  /// - Parameter connection: A connection without a publisher.
  public init(_ connection: Connection) throws(AMQPError) {
    Lane.requireCurrent("AMQP.Publisher.init")
    precondition(!connection.confirming, "a connection has at most one publisher")
    self.connection = connection
    var select = amqp_confirm_select_t(nowait: 0)
    try connection.call(
      "switching to confirms", AMQP_CONFIRM_SELECT_METHOD, &select, answer: AMQP_CONFIRM_SELECT_OK_METHOD)
    connection.confirming = true
  }

  /// How many published messages the broker has not answered for.
  public var unsettled: Int { connection.confirms.unsettled }

  /// Whether ``settlements(waiting:)`` has something to tell or to wait for: an answer may have been read already, when
  /// something else was published.
  public var isAwaited: Bool { unsettled > 0 || connection.confirms.hasSettlements }

  /// Hands a message to the broker, without waiting for its answer.
  ///
  /// - Parameters:
  ///   - exchange: Where to; empty is the default exchange, which routes to the queue named by the key.
  ///   - routingKey: At most 255 bytes.
  ///   - properties: The message's properties.
  ///   - body: The message's content.
  ///   - mandatory: Whether the broker returns the message when no queue wants it.
  /// - Returns: The sequence by which ``settlements(waiting:)`` speaks of it.
  /// - Throws: ``AMQPError/blocked(reason:)`` and ``AMQPError/invalidMessage(detail:)`` before anything is written; on
  ///   anything else the connection is over and the message may or may not have been accepted.
  @discardableResult
  public func publish(
    exchange: String, routingKey: String, properties: Properties, body: ArraySlice<UInt8>, mandatory: Bool = true
  ) throws(AMQPError) -> UInt64 {
    Lane.requireCurrent("AMQP.Publisher.publish")
    try connection.requireUsable()
    try serviceIfDue()
    if let reason = connection.blockedReason { throw .blocked(reason: reason) }
    defer { arena.recycle() }
    let target = try arena.shortText(exchange, "exchange")
    let key = try arena.shortText(routingKey, "routing key")
    var wire = try properties.encoded(in: arena)
    let status = body.withUnsafeBytes { bytes in
      // librabbitmq only reads the body, and only during the call, although amqp_bytes_t has no const.
      let content = amqp_bytes_t(len: bytes.count, bytes: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
      return amqp_basic_publish(
        connection.handle.state, connection.channel, target, key, mandatory ? 1 : 0, 0, &wire, content)
    }
    try connection.checkWritten(status)
    return connection.confirms.published(
      exchange: exchange, routingKey: routingKey, messageID: properties.messageID)
  }

  /// Hands a message whose body is an array to the broker, see above.
  @discardableResult
  public func publish(
    exchange: String, routingKey: String, properties: Properties, body: [UInt8], mandatory: Bool = true
  ) throws(AMQPError) -> UInt64 {
    try publish(
      exchange: exchange, routingKey: routingKey, properties: properties, body: body[...], mandatory: mandatory)
  }

  /// Publishes several messages as one stretch of bytes.
  ///
  /// librabbitmq writes each message in three pieces, and each message would leave as a packet of its own: most of what
  /// publishing costs, here and at the broker. Within `body` the kernel waits for full packets (TCP_CORK); what is left
  /// leaves at the end, so nothing waits for more to come.
  ///
  /// - Parameter body: Publishes; must not wait for an answer.
  public func together<Result>(_ body: () throws -> Result) rethrows -> Result {
    connection.cork(true)
    defer { connection.cork(false) }
    return try body()
  }

  /// Takes the broker's answers: waits for the first, then takes only those that have arrived.
  ///
  /// - Parameter waiting: How long to wait for the first; zero takes only what has arrived.
  /// - Returns: Answers in the order in which they came; none if none came in time or nothing is unsettled.
  /// - Throws: What ended the connection, once every answer read before has been returned. Messages unsettled then stay
  ///   so: the broker may or may not have them.
  public func settlements(waiting: Duration) throws(AMQPError) -> [Settlement] {
    Lane.requireCurrent("AMQP.Publisher.settlements")
    do {
      try readAnswers(waiting: waiting)
    } catch {
      guard connection.confirms.hasSettlements else { throw error }
    }
    return connection.confirms.takeSettlements()
  }

  private func readAnswers(waiting: Duration) throws(AMQPError) {
    let deadline = ContinuousClock.now + waiting
    var remaining = waiting
    while true {
      let enough = connection.confirms.hasSettlements || unsettled == 0
      guard try connection.readFrame(waiting: enough ? .zero : remaining) else { break }
      remaining = ContinuousClock.now.duration(to: deadline)
    }
    connection.releaseBuffers()
    serviced = .now
  }

  /// librabbitmq 0.11 can block for ever in a publish once the receive-heartbeat deadline has passed, so frames are
  /// read before; and a blocked connection is noticed before more is written to it.
  private func serviceIfDue() throws(AMQPError) {
    let now = ContinuousClock.now
    guard connection.isBlocked || serviced.duration(to: now) >= Publisher.serviceInterval else { return }
    serviced = now
    try connection.readArrived()
  }
}
