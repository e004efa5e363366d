import CRabbitMQ
import Lanes

/// Publishes messages and learns what became of each.
///
/// One publisher per connection, best on a connection without a consumer: under an alarm the broker stops reading from
/// connections that publish. Everything blocks, with a bound, and may only be called on a lane.
///
/// The broker keeps the order of messages of one channel. Several channels take turns, message by message, when there
/// are many messages: the broker routes each channel's in a process of its own, which is what it has least of.
public final class Publisher {
  /// The connection that is published over.
  public let connection: Connection
  /// How many channels a publisher may have.
  public static let mostChannels = 2

  private let arena = Arena()
  /// What is written past librabbitmq. Through TLS only that can write; here it is tried whether the frames fit.
  private let frames: FrameBuffer
  /// Whether frames wait for others, to be written together.
  private var isGathering = false
  /// The index of the channel that had the last message.
  private var turn = 0
  private var serviced = ContinuousClock.now

  /// How long frames may wait unread while messages are published one after the other. Much less than any heartbeat,
  /// and long enough that the look costs nothing.
  private static let serviceInterval = Duration.milliseconds(5)
  /// While fewer messages than this are unanswered the first channel has all of them: for single ones the others would
  /// only be more processes for the broker to wake.
  private static let worthSharing = 16

  /// Switches the channels to confirms.
  ///
  /// - Parameters:
  ///   - connection: A connection without a publisher.
  ///   - channels: How many channels take turns, at most ``mostChannels`` and what the broker allows.
  public init(_ connection: Connection, channels: Int = 1) throws(AMQPError) {
    Lane.requireCurrent("AMQP.Publisher.init")
    precondition(!connection.confirming, "a connection has at most one publisher")
    precondition(
      (1...Publisher.mostChannels).contains(channels), "a publisher has 1 to \(Publisher.mostChannels) channels")
    self.connection = connection
    let state = connection.handle.state
    frames = FrameBuffer(frameSize: Int(amqp_get_frame_max(state)))
    try openChannels(min(channels, max(1, Int(amqp_get_channel_max(state)))))
    connection.confirming = true
  }

  private func openChannels(_ count: Int) throws(AMQPError) {
    for number in 1...count {
      if number > 1 {
        connection.channels.append(Connection.Channel())
        try connection.openChannel(amqp_channel_t(number))
      }
      connection.channels[number - 1].confirms = ConfirmWindow(channel: number, of: count)
      var select = amqp_confirm_select_t(nowait: 0)
      try connection.call(
        "switching to confirms", AMQP_CONFIRM_SELECT_METHOD, &select, on: amqp_channel_t(number),
        answer: AMQP_CONFIRM_SELECT_OK_METHOD)
    }
  }

  /// How many published messages the broker has not answered for, without those that are no longer waited for.
  public var unsettled: Int {
    // By index: an element may be copied, with all that it refers to, for each message that is published.
    connection.channels.indices.reduce(0) { $0 + connection.channels[$1].confirms.unsettled }
  }

  private var hasSettlements: Bool {
    connection.channels.indices.contains { connection.channels[$0].confirms.hasSettlements }
  }

  /// Whether ``settlements(waiting:)`` has something to tell or to wait for: an answer may have been read already, when
  /// something else was published.
  public var isAwaited: Bool { unsettled > 0 || hasSettlements }

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
    if frames.isFull { try writeFrames() }
    if let reason = connection.blockedReason { throw .blocked(reason: reason) }
    defer { arena.recycle() }
    let target = try arena.shortText(exchange, "exchange")
    let key = try arena.shortText(routingKey, "routing key")
    var wire = try properties.encoded(in: arena)
    var method = amqp_basic_publish_t(
      ticket: 0, exchange: target, routing_key: key, mandatory: mandatory ? 1 : 0, immediate: 0)
    takeTurn()
    try body.span.bytes.withUnsafeBytes { (bytes) throws(AMQPError) in
      try write(&method, &wire, bytes, on: amqp_channel_t(turn + 1))
    }
    return connection.channels[turn].confirms.published(
      exchange: exchange, routingKey: routingKey, messageID: properties.messageID)
  }

  /// Counts a message no longer among the ``unsettled``: the broker takes its time with it. Should it answer for it
  /// after all, ``settlements(waiting:)`` tells.
  ///
  /// - Parameter sequence: What ``publish(exchange:routingKey:properties:body:mandatory:)`` returned.
  public func stopAwaiting(_ sequence: UInt64) {
    Lane.requireCurrent("AMQP.Publisher.stopAwaiting")
    let index = Int((sequence - 1) % UInt64(connection.channels.count))
    connection.channels[index].confirms.stopAwaiting(sequence)
  }

  private func takeTurn() {
    turn = unsettled < Publisher.worthSharing ? 0 : (turn + 1) % connection.channels.count
  }

  private func write(
    _ method: inout amqp_basic_publish_t, _ properties: inout amqp_basic_properties_t, _ body: UnsafeRawBufferPointer,
    on channel: amqp_channel_t
  ) throws(AMQPError) {
    try frames.add(&method, &properties, bodySize: body.count, on: channel)
    guard !connection.handle.isEncrypted else {
      // Had they not fitted, librabbitmq would have noticed with half of the message written.
      frames.clear()
      // It only reads the body, and only during the call, although amqp_bytes_t has no const.
      let content = amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress))
      return try connection.checkWritten(
        amqp_basic_publish(
          connection.handle.state, channel, method.exchange, method.routing_key, method.mandatory, 0, &properties,
          content))
    }
    var rest = body[...]
    while !rest.isEmpty {
      let added = frames.add(body: UnsafeRawBufferPointer(rebasing: rest), on: channel)
      if added == 0 { try writeFrames() }
      rest = rest.dropFirst(added)
    }
    if !isGathering { try writeFrames() }
  }

  private func writeFrames() throws(AMQPError) {
    guard frames.count > 0 else { return }
    defer { frames.clear() }
    try connection.write(frames.bytes)
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
  /// Each by itself would be a system call and a packet: most of what publishing costs, here and at the broker. Through
  /// TLS, where librabbitmq writes each by itself, the kernel waits for full packets (TCP_CORK). What is left leaves at
  /// the end, so nothing waits for more to come.
  ///
  /// - Parameter body: Publishes. What is written otherwise meanwhile, such as an acknowledgement, overtakes it.
  /// - Throws: What `body` throws, and what ``publish(exchange:routingKey:properties:body:mandatory:)`` does.
  public func together<Result>(_ body: () throws -> Result) throws -> Result {
    gather(true)
    defer { gather(false) }
    do {
      let result = try body()
      try writeFrames()
      return result
    } catch  where connection.isUsable {
      try writeFrames()
      throw error
    }
  }

  private func gather(_ isGathering: Bool) {
    self.isGathering = isGathering
    if connection.handle.isEncrypted { connection.cork(isGathering) }
  }

  /// Takes the broker's answers: waits for the first, then takes only those that have arrived.
  ///
  /// - Parameter waiting: How long to wait for the first; zero takes only what has arrived.
  /// - Returns: Answers, those of a channel in the order in which they came; none if none came in time or nothing is
  ///   unsettled.
  /// - Throws: What ended the connection, once every answer read before has been returned. Messages unsettled then stay
  ///   so: the broker may or may not have them.
  public func settlements(waiting: Duration) throws(AMQPError) -> [Settlement] {
    Lane.requireCurrent("AMQP.Publisher.settlements")
    do {
      try writeFrames()
      try readAnswers(waiting: waiting)
    } catch {
      guard hasSettlements else { throw error }
    }
    return connection.channels.indices.flatMap { connection.channels[$0].confirms.takeSettlements() }
  }

  private func readAnswers(waiting: Duration) throws(AMQPError) {
    let deadline = ContinuousClock.now + waiting
    var remaining = waiting
    while true {
      let enough = hasSettlements || unsettled == 0
      guard try connection.readFrame(waiting: enough ? .zero : remaining) else { break }
      remaining = ContinuousClock.now.duration(to: deadline)
    }
    connection.releaseBuffers()
    serviced = .now
  }

  /// librabbitmq 0.11 can block for ever in a publish once the receive-heartbeat deadline has passed, so frames are
  /// read before; and a blocked connection is noticed before more is written to it, at the latest after a full buffer.
  private func serviceIfDue() throws(AMQPError) {
    let now = ContinuousClock.now
    guard frames.isFull || connection.isBlocked || serviced.duration(to: now) >= Publisher.serviceInterval else {
      return
    }
    serviced = now
    try connection.readArrived()
  }
}
