import CRabbitMQ
import Lanes

/// Takes messages from one queue and says what became of them.
///
/// One consumer per connection. Everything blocks, with a bound, and may only be called on a lane.
public final class Consumer {
  /// The connection that the deliveries and their tags belong to.
  public let connection: Connection
  /// The queue's name.
  public let queue: String
  /// How many messages the broker delivers at most before one is acknowledged.
  public let prefetch: Int
  /// The name of this consumer on the broker.
  public let consumerTag: String
  /// Whether ``giveBack()`` has ended it.
  public private(set) var hasGivenBack = false

  /// Starts consuming.
  ///
  /// - Parameters:
  ///   - connection: A connection without a consumer.
  ///   - queue: Where from. It has to exist.
  ///   - prefetch: How many messages may be delivered and not yet acknowledged, 1 to 65,535.
  ///   - priority: The broker delivers to a consumer only what those of a higher priority have no room for (their
  ///     prefetch is used up); among equals it takes turns. 0 is everybody's.
  ///   - consumerTag: This consumer's name on the broker; empty lets the broker choose.
  /// - Throws: ``AMQPError/channelClosed(code:text:)`` with 404 for a missing queue, 403 without permission.
  public init(
    _ connection: Connection, queue: String, prefetch: Int, priority: Int = 0, consumerTag: String = ""
  ) throws(AMQPError) {
    Lane.requireCurrent("AMQP.Consumer.init")
    precondition(!connection.hasConsumer, "a connection has at most one consumer")
    precondition((1...65535).contains(prefetch), "prefetch has to be between 1 and 65535")
    self.connection = connection
    self.queue = queue
    self.prefetch = prefetch
    var qos = amqp_basic_qos_t(prefetch_size: 0, prefetch_count: UInt16(prefetch), global: 0)
    try connection.call("setting the prefetch", AMQP_BASIC_QOS_METHOD, &qos, answer: AMQP_BASIC_QOS_OK_METHOD)
    var consume = amqp_basic_consume_t()
    consume.queue = try connection.arena.shortText(queue, "queue")
    consume.consumer_tag = try connection.arena.shortText(consumerTag, "consumer tag")
    if priority != 0 { consume.arguments = connection.arena.table(["x-priority": .int(Int64(priority))]) }
    let answer = try connection.call(
      "consuming from '\(queue)'", AMQP_BASIC_CONSUME_METHOD, &consume, answer: AMQP_BASIC_CONSUME_OK_METHOD)
    // librabbitmq: the decoded answer is the struct that belongs to the method id that `call` waited for.
    self.consumerTag =
      answer.map { String($0.assumingMemoryBound(to: amqp_basic_consume_ok_t.self).pointee.consumer_tag) }
      ?? consumerTag
    connection.hasConsumer = true
  }

  /// Takes what has arrived: waits for the first message, never for more.
  ///
  /// Serves heartbeats as well, so a loop over `take` keeps the connection alive.
  ///
  /// - Parameters:
  ///   - limit: The most messages to return.
  ///   - bytes: The most bytes of their bodies together; a message that alone has more is returned alone.
  ///   - waiting: How long to wait for the first; zero takes only what has arrived.
  /// - Returns: Messages in the order of delivery; none if none came in time.
  /// - Throws: ``AMQPError/consumerCancelled(queue:)`` once everything delivered before has been taken; what ended the
  ///   connection otherwise.
  public func take(
    upTo limit: Int, bytes: Int = .max, waiting: Duration
  ) throws(AMQPError) -> [Delivery] {
    Lane.requireCurrent("AMQP.Consumer.take")
    try connection.requireUsable()
    let deadline = ContinuousClock.now + waiting
    var remaining = waiting
    while connection.deliveries.count < limit, connection.deliveries.bytes < bytes {
      let mayWait = connection.deliveries.isEmpty && connection.consumerEnd == nil
      guard try connection.readFrame(waiting: mayWait ? remaining : .zero) else { break }
      // The clock is read only while nothing is there yet.
      if mayWait { remaining = ContinuousClock.now.duration(to: deadline) }
    }
    connection.releaseBuffers()
    let taken = connection.deliveries.take(upTo: limit, bytes: bytes)
    if taken.isEmpty, connection.consumerEnd == .byBroker { throw .consumerCancelled(queue: queue) }
    return taken
  }

  /// Reads what has arrived and sends a heartbeat if one is due, as ``Connection/service()`` does, but stops reading
  /// when so many bytes wait to be taken. The broker waits then for as long as it waits for anybody: seconds.
  ///
  /// - Parameter most: The bodies' bytes together; they are exceeded by one message at most.
  /// - Returns: Whether there is room for more; otherwise ``take(upTo:bytes:waiting:)`` or ``giveBack()`` has to
  ///   follow.
  public func serve(holding most: Int) throws(AMQPError) -> Bool {
    Lane.requireCurrent("AMQP.Consumer.serve")
    try connection.requireUsable()
    try connection.readArrived(holding: most)
    return connection.deliveries.bytes < most
  }

  /// Acknowledges one delivery, or with `multiple` every one up to it. The broker does not answer.
  ///
  /// - Parameters:
  ///   - tag: A ``Delivery/tag`` of this consumer.
  ///   - multiple: Whether all earlier unacknowledged deliveries are meant as well.
  public func ack(_ tag: UInt64, multiple: Bool) throws(AMQPError) {
    Lane.requireCurrent("AMQP.Consumer.ack")
    try connection.requireUsable()
    try connection.checkWritten(
      amqp_basic_ack(connection.handle.state, connection.channel, tag, multiple ? 1 : 0))
  }

  /// Rejects one delivery. The broker does not answer.
  ///
  /// - Parameters:
  ///   - tag: A ``Delivery/tag`` of this consumer.
  ///   - requeue: True gives it back to the queue; false dead-letters it, or drops it where no dead-letter exchange is.
  public func reject(_ tag: UInt64, requeue: Bool) throws(AMQPError) {
    Lane.requireCurrent("AMQP.Consumer.reject")
    try connection.requireUsable()
    try connection.checkWritten(
      amqp_basic_reject(connection.handle.state, connection.channel, tag, requeue ? 1 : 0))
  }

  /// Ends deliveries. What has arrived by then can still be taken and acknowledged; afterwards `take` returns nothing.
  ///
  /// To pause and go on later, open a new connection: RabbitMQ 3.10 can fail a channel that consumes again.
  public func cancel() throws(AMQPError) {
    Lane.requireCurrent("AMQP.Consumer.cancel")
    try connection.requireUsable()
    guard connection.consumerEnd == nil else { return }
    connection.consumerEnd = .byCaller
    var method = amqp_basic_cancel_t()
    method.consumer_tag = try connection.arena.shortText(consumerTag, "consumer tag")
    try connection.call(
      "cancelling the consumer of '\(queue)'", AMQP_BASIC_CANCEL_METHOD, &method, answer: AMQP_BASIC_CANCEL_OK_METHOD)
  }

  /// Ends deliveries and keeps nothing of what was not taken, however much is on its way: all that is not acknowledged
  /// returns to the queue when the connection closes. What was taken can still be acknowledged.
  public func abandon() throws(AMQPError) {
    connection.keepsDeliveries = false
    connection.deliveries.removeAll()
    try cancel()
  }

  /// Ends deliveries and gives what was not taken back to the queue at once, for others, or for a connection to come.
  /// What was taken can still be acknowledged. The broker counts it as a delivery.
  public func giveBack() throws(AMQPError) {
    connection.droppedTags += connection.deliveries.tags
    try abandon()
    hasGivenBack = true
    for tag in connection.droppedTags {
      // Newer brokers do not count a `nack`, as they do a `reject`, against a message's delivery limit.
      try connection.checkWritten(amqp_basic_nack(connection.handle.state, connection.channel, tag, 0, 1))
    }
    connection.droppedTags = []
  }
}
