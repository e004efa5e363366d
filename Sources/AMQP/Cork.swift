import CRabbitMQ

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Connection {
  /// Holds back packets that are not full, or lets go of what is held back. A connection that is over ignores it.
  func cork(_ isHeld: Bool) {
    let socket = amqp_get_sockfd(handle.state)
    guard isUsable, socket >= 0 else { return }
    var value: Int32 = isHeld ? 1 : 0
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}
