import CRabbitMQ
import Lanes

/// Queues, exchanges and bindings. Workers only look (``Connection/declareQueuePassively(_:)``); declaring is for tests
/// and tools.
extension Connection {
  /// Asks for a queue without creating it.
  ///
  /// - Throws: ``AMQPError/channelClosed(code:text:)`` with 404 when there is none; the connection is then over.
  public func declareQueuePassively(_ name: String) throws(AMQPError) -> QueueState {
    try declare(queue: name, passive: true, durable: true, exclusive: false, autoDelete: false, arguments: [:])
  }

  /// Creates a queue, or checks that the existing one is the same.
  ///
  /// - Parameters:
  ///   - name: Its name; empty lets the broker choose one.
  ///   - durable: Whether it survives a restart of the broker.
  ///   - exclusive: Whether it belongs to this connection alone and ends with it.
  ///   - autoDelete: Whether it ends with its last consumer.
  ///   - arguments: Such as `x-queue-type`.
  /// - Throws: ``AMQPError/channelClosed(code:text:)`` with 406 when one exists that differs.
  @discardableResult
  public func declareQueue(
    _ name: String, durable: Bool = true, exclusive: Bool = false, autoDelete: Bool = false,
    arguments: [String: HeaderValue] = [:]
  ) throws(AMQPError) -> QueueState {
    try declare(
      queue: name, passive: false, durable: durable, exclusive: exclusive, autoDelete: autoDelete, arguments: arguments)
  }

  /// Creates an exchange, or checks that the existing one is the same.
  ///
  /// - Parameters:
  ///   - name: Its name.
  ///   - type: `topic`, `fanout`, `direct`, `headers` or a plugin's.
  ///   - durable: Whether it survives a restart of the broker.
  ///   - arguments: Such as `alternate-exchange`.
  public func declareExchange(
    _ name: String, type: String, durable: Bool = true, arguments: [String: HeaderValue] = [:]
  ) throws(AMQPError) {
    Lane.requireCurrent("AMQP.Connection.declareExchange")
    var method = amqp_exchange_declare_t()
    method.exchange = try arena.shortText(name, "exchange")
    method.type = try arena.shortText(type, "exchange type")
    method.durable = durable ? 1 : 0
    method.arguments = arena.table(arguments)
    try call(
      "declaring exchange '\(name)'", AMQP_EXCHANGE_DECLARE_METHOD, &method, answer: AMQP_EXCHANGE_DECLARE_OK_METHOD)
  }

  /// Lets messages of an exchange reach a queue.
  ///
  /// - Parameters:
  ///   - queue: Where to.
  ///   - exchange: Where from.
  ///   - routingKey: Which; with a topic exchange, a pattern.
  ///   - arguments: For a headers exchange.
  public func bind(
    queue: String, exchange: String, routingKey: String, arguments: [String: HeaderValue] = [:]
  ) throws(AMQPError) {
    Lane.requireCurrent("AMQP.Connection.bind")
    var method = amqp_queue_bind_t()
    method.queue = try arena.shortText(queue, "queue")
    method.exchange = try arena.shortText(exchange, "exchange")
    method.routing_key = try arena.shortText(routingKey, "routing key")
    method.arguments = arena.table(arguments)
    try call("binding queue '\(queue)'", AMQP_QUEUE_BIND_METHOD, &method, answer: AMQP_QUEUE_BIND_OK_METHOD)
  }

  /// Deletes a queue with everything in it.
  ///
  /// - Returns: How many messages went with it.
  @discardableResult
  public func delete(queue: String) throws(AMQPError) -> Int {
    Lane.requireCurrent("AMQP.Connection.delete")
    var method = amqp_queue_delete_t()
    method.queue = try arena.shortText(queue, "queue")
    let answer = try call(
      "deleting queue '\(queue)'", AMQP_QUEUE_DELETE_METHOD, &method, answer: AMQP_QUEUE_DELETE_OK_METHOD)
    // librabbitmq: the decoded answer is the struct that belongs to the method id that `call` waited for.
    return answer.map { Int($0.assumingMemoryBound(to: amqp_queue_delete_ok_t.self).pointee.message_count) } ?? 0
  }

  private func declare(
    queue: String, passive: Bool, durable: Bool, exclusive: Bool, autoDelete: Bool, arguments: [String: HeaderValue]
  ) throws(AMQPError) -> QueueState {
    Lane.requireCurrent("AMQP.Connection.declareQueue")
    var method = amqp_queue_declare_t()
    method.queue = try arena.shortText(queue, "queue")
    method.passive = passive ? 1 : 0
    method.durable = durable ? 1 : 0
    method.exclusive = exclusive ? 1 : 0
    method.auto_delete = autoDelete ? 1 : 0
    method.arguments = arena.table(arguments)
    let answer = try call(
      "declaring queue '\(queue)'", AMQP_QUEUE_DECLARE_METHOD, &method, answer: AMQP_QUEUE_DECLARE_OK_METHOD)
    guard let answer else { throw fail(.protocolViolation(detail: "an empty answer to a declaration")) }
    // librabbitmq: the decoded answer is the struct that belongs to the method id that `call` waited for.
    let state = answer.assumingMemoryBound(to: amqp_queue_declare_ok_t.self).pointee
    return QueueState(
      name: String(state.queue), messages: Int(state.message_count), consumers: Int(state.consumer_count))
  }
}
