import CRabbitMQ

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The kernel's `send`, which a method hides within ``Connection``. A peer that is gone is no signal.
private func sendSome(_ bytes: UnsafeRawBufferPointer, to socket: Int32) -> Int {
  send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
}

extension Connection {
  /// Writes whole frames to a connection without TLS, past librabbitmq, which keeps nothing back between its calls.
  ///
  /// Nothing may be read meanwhile: librabbitmq could answer, in the middle of a frame.
  func write(_ bytes: UnsafeRawBufferPointer) throws(AMQPError) {
    try requireUsable()
    let socket = amqp_get_sockfd(handle.state)
    var rest = bytes[...]
    var hasWaited = false
    while !rest.isEmpty {
      let written = sendSome(UnsafeRawBufferPointer(rebasing: rest), to: socket)
      if written >= 0 {
        rest = rest.dropFirst(written)
        hasWaited = false
      } else if errno == EAGAIN {
        guard !hasWaited else { throw fail(.connectionLost(detail: "while writing: the broker takes nothing")) }
        hasWaited = !awaitRoom(socket)
      } else if errno != EINTR {
        let reason = String(cString: strerror(errno))
        try readArrived()
        throw fail(.connectionLost(detail: "while writing: \(reason)"))
      }
    }
  }

  /// Waits until the kernel says that much can be written, for longer than anything that is alive is silent. Before
  /// that TCP has mostly given up (``BrokerOptions/tcpUserTimeout``).
  ///
  /// - Returns: Whether it did; if not, there may be room for a little.
  private func awaitRoom(_ socket: Int32) -> Bool {
    let heartbeat = Double(amqp_get_heartbeat(handle.state))
    let seconds = max(1, 2 * heartbeat, options.tcpUserTimeout / .seconds(1))
    var entry = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
    return poll(&entry, 1, Int32(min(seconds, 3600) * 1000)) != 0
  }

  /// Holds back packets that are not full, or lets go of what is held back. A connection that is over ignores it.
  func cork(_ isHeld: Bool) {
    guard isUsable else { return }
    handle.setSocketOption(TCP_CORK, to: isHeld ? 1 : 0)
  }
}

extension Handle {
  /// How long what was written may stay unacknowledged by the peer's TCP, or wait for room there, before the connection
  /// counts as lost; nil for as long as it takes.
  func limitUnacknowledgedTime(to limit: Duration?) {
    let milliseconds = limit.map { max(1, min($0 / .milliseconds(1), Double(Int32.max))) } ?? 0
    setSocketOption(TCP_USER_TIMEOUT, to: Int32(milliseconds))
  }

  /// An option of TCP; one that the kernel does not have changes nothing.
  func setSocketOption(_ name: Int32, to value: Int32) {
    let socket = amqp_get_sockfd(state)
    guard socket >= 0 else { return }
    var value = value
    setsockopt(socket, Int32(IPPROTO_TCP), name, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}
