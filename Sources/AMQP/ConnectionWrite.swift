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
    while !rest.isEmpty {
      let written = sendSome(UnsafeRawBufferPointer(rebasing: rest), to: socket)
      if written >= 0 {
        rest = rest.dropFirst(written)
      } else if errno == EAGAIN {
        try awaitRoom(socket)
      } else if errno != EINTR {
        let reason = String(cString: strerror(errno))
        try readArrived()
        throw fail(.connectionLost(detail: "while writing: \(reason)"))
      }
    }
  }

  /// Waits until the broker takes more. Before this gives up, TCP has mostly (``BrokerOptions/tcpUserTimeout``).
  private func awaitRoom(_ socket: Int32) throws(AMQPError) {
    let patience = 2 * max(1, amqp_get_heartbeat(handle.state))
    var entry = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
    if poll(&entry, 1, patience * 1000) == 0 {
      throw fail(.connectionLost(detail: "while writing: the broker took nothing for \(patience) s"))
    }
  }

  /// Holds back packets that are not full, or lets go of what is held back. A connection that is over ignores it.
  func cork(_ isHeld: Bool) {
    let socket = amqp_get_sockfd(handle.state)
    guard isUsable, socket >= 0 else { return }
    var value: Int32 = isHeld ? 1 : 0
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}
