import CRabbitMQ
import Lanes

/// One connection to the broker, for one lane, with one channel; a publisher may open more.
///
/// Everything here blocks, with a bound, and may only be called on a ``Lanes/Lane``. A connection that failed stays
/// failed: every later call throws the same error, and the caller opens a new one. Let go of a connection, or call
/// ``close()``: the broker then gives unacknowledged deliveries to others.
public final class Connection {
  let handle: Handle
  let options: BrokerOptions
  let arena = Arena()
  /// The channel for everything that is not published; 0 is the connection itself.
  let channel: amqp_channel_t = 1
  /// What is under way on each channel; they are numbered from 1.
  var channels = [Channel()]

  /// Why the connection is of no more use.
  var failure: AMQPError?
  var blockedReason: String?
  /// Body bytes copied since librabbitmq's buffers were last released.
  var unreleasedBytes = 0

  // The consumer's side.
  var deliveries = HeldDeliveries()
  /// Whether what is delivered from now on is kept to be taken.
  var keepsDeliveries = true
  /// The tags of what was not kept.
  var droppedTags: [UInt64] = []
  var consumerEnd: ConsumerEnd?
  var hasConsumer = false

  // The publisher's side.
  var confirming = false

  /// What is under way on one channel.
  struct Channel {
    var assembler = ContentAssembler()
    var confirms = ConfirmWindow()
  }

  /// Why no more deliveries come.
  enum ConsumerEnd { case byBroker, byCaller }

  /// Connects, logs in and opens the channel.
  ///
  /// - Parameter options: Where and as whom.
  /// - Throws: What kept the connection from being made; see ``AMQPError``.
  public init(_ options: BrokerOptions) throws(AMQPError) {
    Lane.requireCurrent("AMQP.Connection.init")
    self.options = options
    handle = try Handshake(options).perform()
    try openChannel(channel)
  }

  func openChannel(_ number: amqp_channel_t) throws(AMQPError) {
    var open = amqp_channel_open_t(out_of_band: amqp_bytes_t(len: 0, bytes: nil))
    try call("opening a channel", AMQP_CHANNEL_OPEN_METHOD, &open, on: number, answer: AMQP_CHANNEL_OPEN_OK_METHOD)
  }

  /// Whether the broker refuses publishing now (memory or disk alarm), as far as frames have been read.
  public var isBlocked: Bool { blockedReason != nil }

  /// Whether no failure is known. A dead peer shows itself only when the connection is used or serviced.
  public var isUsable: Bool { failure == nil }

  /// Reads what has arrived and sends a heartbeat if one is due, without waiting.
  ///
  /// Call it at least every half heartbeat while a long piece of work keeps the lane busy, and before publishing after
  /// a pause. Deliveries met here wait for the next ``Consumer/take(upTo:bytes:waiting:)``.
  ///
  /// - Throws: What ended the connection.
  public func service() throws(AMQPError) {
    Lane.requireCurrent("AMQP.Connection.service")
    try requireUsable()
    try readArrived()
  }

  /// Takes leave of the broker and closes the socket. Unacknowledged deliveries go back to their queue.
  ///
  /// Never fails: whatever the broker answers, or if it does not within two seconds, the connection is gone.
  public func close() {
    Lane.requireCurrent("AMQP.Connection.close")
    guard failure != .closed else { return }
    var farewell = amqp_connection_close_t(
      reply_code: 200, reply_text: arena.bytes("goodbye"), class_id: 0, method_id: 0)
    switch failure {
    case nil, .channelClosed:
      failure = nil
      deliveries.removeAll()
      _ = try? call(
        "closing the connection", AMQP_CONNECTION_CLOSE_METHOD, &farewell, on: 0,
        answer: AMQP_CONNECTION_CLOSE_OK_METHOD, within: .seconds(2))
    default: break
    }
    failure = .closed
    handle.release()
  }

  func requireUsable() throws(AMQPError) {
    if let failure { throw failure }
  }

  /// Records the first failure and returns it.
  func fail(_ error: AMQPError) -> AMQPError {
    if failure == nil { failure = error }
    return failure ?? error
  }

  /// Sends one method that has no answer.
  ///
  /// - Parameters:
  ///   - method: librabbitmq's id.
  ///   - arguments: The struct that belongs to the id; librabbitmq reads it during the call only.
  ///   - channel: 0 for the connection itself.
  func send<Arguments: BitwiseCopyable>(
    _ method: amqp_method_number_t, _ arguments: inout Arguments, on channel: amqp_channel_t
  ) throws(AMQPError) {
    let status = withUnsafeMutablePointer(to: &arguments) {
      amqp_send_method(handle.state, channel, method, UnsafeMutableRawPointer($0))
    }
    try checkWritten(status)
  }

  /// Turns the status of a write into an error. The broker's reason for closing may already wait to be read.
  func checkWritten(_ status: Int32) throws(AMQPError) {
    guard status != AMQP_STATUS_OK.rawValue else { return }
    try readArrived()
    throw fail(.connectionLost(detail: "while writing: \(statusText(status))"))
  }

  /// Sends a request and reads until its answer comes; whatever else arrives is dealt with on the way.
  ///
  /// - Returns: The answer's arguments, valid until the next frame is read.
  @discardableResult
  func call<Arguments: BitwiseCopyable>(
    _ operation: String, _ method: amqp_method_number_t, _ arguments: inout Arguments,
    on channel: amqp_channel_t = 1, answer: amqp_method_number_t, within bound: Duration? = nil
  ) throws(AMQPError) -> UnsafeMutableRawPointer? {
    try requireUsable()
    try send(method, &arguments, on: channel)
    arena.recycle()
    let deadline = ContinuousClock.now + (bound ?? options.requestTimeout)
    while true {
      switch try step(waiting: ContinuousClock.now.duration(to: deadline)) {
      case .nothing: throw fail(.timedOut(operation: operation))
      case .handled: continue
      case .answer(let method, let decoded) where method == answer: return decoded
      case .answer(let method, _):
        throw fail(.protocolViolation(detail: "method \(method) as an answer to \(operation)"))
      }
    }
  }
}
