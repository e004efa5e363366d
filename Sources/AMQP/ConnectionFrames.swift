import CRabbitMQ

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Connection {
  /// What reading one frame came to.
  enum Step {
    /// Nothing arrived in time.
    case nothing
    /// A frame was dealt with.
    case handled
    /// The answer to a request; its arguments are valid until the next frame is read.
    case answer(amqp_method_number_t, UnsafeMutableRawPointer?)
  }

  /// Reads everything that has arrived, without waiting, or until deliveries of so many bytes wait to be taken.
  func readArrived(holding most: Int = .max) throws(AMQPError) {
    while deliveries.bytes < most, try readFrame(waiting: .zero) {}
    releaseBuffers()
  }

  /// Reads at most one frame while no request is under way.
  ///
  /// - Returns: False when nothing arrived in time.
  func readFrame(waiting limit: Duration) throws(AMQPError) -> Bool {
    switch try step(waiting: limit) {
    case .nothing: return false
    case .handled: return true
    case .answer(let method, _): throw fail(.protocolViolation(detail: "method \(method), which nobody asked for"))
    }
  }

  /// Lets librabbitmq reuse the memory of the frames read so far. Nothing of ours points there any more.
  func releaseBuffers() {
    unreleasedBytes = 0
    amqp_maybe_release_buffers(handle.state)
  }

  /// Reads and deals with at most one frame; sends a heartbeat when one is due.
  ///
  /// - Parameter limit: How long to wait for a frame; zero takes only what has arrived.
  func step(waiting limit: Duration) throws(AMQPError) -> Step {
    try requireUsable()
    var limit = timeval(awaitInput(limit) ? .zero : limit)
    let status = amqp_simple_wait_frame_noblock(handle.state, handle.frame, &limit)
    if status == AMQP_STATUS_TIMEOUT.rawValue { return .nothing }
    guard status == AMQP_STATUS_OK.rawValue else {
      throw fail(.connectionLost(detail: statusText(status)))
    }
    do {
      return try dispatch(handle.frame)
    } catch {
      throw fail(error)
    }
  }

  /// Waits for a short time in place of librabbitmq, whose waits for the last millisecond keep a processor busy.
  ///
  /// - Returns: Whether it did; longer waits are left to librabbitmq, which sends heartbeats meanwhile.
  private func awaitInput(_ limit: Duration) -> Bool {
    guard limit > .zero, limit <= .milliseconds(20) else { return false }
    guard amqp_frames_enqueued(handle.state) == 0, amqp_data_in_buffer(handle.state) == 0 else { return true }
    var entry = pollfd(fd: amqp_get_sockfd(handle.state), events: Int16(POLLIN), revents: 0)
    let (seconds, attoseconds) = limit.components
    _ = poll(&entry, 1, Int32(seconds) * 1000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    return true
  }

  private func dispatch(_ frame: UnsafePointer<amqp_frame_t>) throws(AMQPError) -> Step {
    let number = frame.pointee.channel
    guard number <= channels.count else { throw .protocolViolation(detail: "a frame of channel \(number)") }
    switch Int32(frame.pointee.frame_type) {
    case AMQP_FRAME_METHOD:
      let method = frame.pointee.payload.method
      return try number == 0 ? connectionMethod(method) : channelMethod(method, of: number)
    case AMQP_FRAME_HEADER where number > 0:
      // librabbitmq: "decoded: the decoded properties", of the basic class, the only one with content.
      guard let decoded = frame.pointee.payload.properties.decoded else {
        throw .protocolViolation(detail: "a content header without properties")
      }
      accept(
        try channels[Int(number) - 1].assembler.header(
          size: frame.pointee.payload.properties.body_size,
          properties: decoded.assumingMemoryBound(to: amqp_basic_properties_t.self)), of: number)
    case AMQP_FRAME_BODY where number > 0:
      let fragment = frame.pointee.payload.body_fragment
      accept(
        try channels[Int(number) - 1].assembler.body(
          UnsafeRawBufferPointer(start: fragment.bytes, count: fragment.len)), of: number)
      unreleasedBytes += fragment.len
      if unreleasedBytes > 1 << 20 { releaseBuffers() }
    default: break
    }
    return .handled
  }

  private func accept(_ content: ContentAssembler.Content?, of number: amqp_channel_t) {
    switch content {
    case nil: break
    case .delivery(let delivery) where keepsDeliveries: deliveries.append(delivery)
    case .delivery(let delivery): droppedTags.append(delivery.tag)
    case .returned(let message): channels[Int(number) - 1].confirms.returned(message)
    }
  }

  private func connectionMethod(_ method: amqp_method_t) throws(AMQPError) -> Step {
    switch method.id {
    case AMQP_CONNECTION_BLOCKED_METHOD:
      blockedReason = try arguments(method, amqp_connection_blocked_t.self) { String($0.reason) }
      // It reads nothing until the alarm is over. That it is alive its heartbeats tell.
      handle.limitUnacknowledgedTime(to: nil)
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      blockedReason = nil
      handle.limitUnacknowledgedTime(to: options.tcpUserTimeout)
    case AMQP_CONNECTION_CLOSE_METHOD:
      let error = try arguments(method, amqp_connection_close_t.self) {
        AMQPError.connectionClosed(code: Int($0.reply_code), text: String($0.reply_text))
      }
      var answer = amqp_connection_close_ok_t(dummy: 0)
      // The connection ends either way, whether the broker still hears the answer or not.
      _ = amqp_send_method(handle.state, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &answer)
      throw error
    default: return .answer(method.id, method.decoded)
    }
    return .handled
  }

  private func channelMethod(_ method: amqp_method_t, of number: amqp_channel_t) throws(AMQPError) -> Step {
    let index = Int(number) - 1
    switch method.id {
    case AMQP_BASIC_DELIVER_METHOD:
      try channels[index].assembler.begin(try arguments(method, amqp_basic_deliver_t.self) { $0 })
    case AMQP_BASIC_RETURN_METHOD:
      try channels[index].assembler.begin(try arguments(method, amqp_basic_return_t.self) { $0 })
    case AMQP_BASIC_ACK_METHOD:
      let ack = try arguments(method, amqp_basic_ack_t.self) { $0 }
      try channels[index].confirms.answered(ack.delivery_tag, multiple: ack.multiple != 0, acknowledged: true)
    case AMQP_BASIC_NACK_METHOD:
      let nack = try arguments(method, amqp_basic_nack_t.self) { $0 }
      try channels[index].confirms.answered(nack.delivery_tag, multiple: nack.multiple != 0, acknowledged: false)
    case AMQP_BASIC_CANCEL_METHOD:
      if consumerEnd == nil { consumerEnd = .byBroker }
    case AMQP_CHANNEL_CLOSE_METHOD:
      let error = try arguments(method, amqp_channel_close_t.self) {
        AMQPError.channelClosed(code: Int($0.reply_code), text: String($0.reply_text))
      }
      var answer = amqp_channel_close_ok_t(dummy: 0)
      // The channel is over either way; a broken connection shows itself at the next use.
      _ = amqp_send_method(handle.state, number, AMQP_CHANNEL_CLOSE_OK_METHOD, &answer)
      throw error
    default: return .answer(method.id, method.decoded)
    }
    return .handled
  }

  /// librabbitmq: "decoded: pointer to the decoded method, cast to the appropriate type", here the one of its id.
  private func arguments<Arguments, Result>(
    _ method: amqp_method_t, _ type: Arguments.Type, _ read: (Arguments) -> Result
  ) throws(AMQPError) -> Result {
    guard let decoded = method.decoded else { throw .protocolViolation(detail: "method \(method.id) is empty") }
    return read(decoded.assumingMemoryBound(to: type).pointee)
  }
}
