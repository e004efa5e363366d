import CRabbitMQ

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// From nothing to a logged-in connection: TCP, TLS, login.
struct Handshake {
  private let options: BrokerOptions
  private let address: BrokerAddress

  init(_ options: BrokerOptions) throws(AMQPError) {
    self.options = options
    var address = try BrokerAddress(uri: options.uri)
    if let password = options.password { address.password = password }
    guard !address.password.utf8.contains(0) else { throw .invalidURI(reason: "the password contains NUL") }
    self.address = address
  }

  /// - Returns: A connection that is logged in, without a channel.
  func perform() throws(AMQPError) -> Handle {
    guard let handle = Handle() else { throw .refused(address: address.display, detail: "out of memory") }
    var timeout = timeval(options.connectTimeout)
    amqp_set_handshake_timeout(handle.state, &timeout)
    try openSocket(handle)
    // librabbitmq sets TCP_NODELAY itself, but says nothing of it.
    handle.setSocketOption(TCP_NODELAY, to: 1)
    handle.limitUnacknowledgedTime(to: options.tcpUserTimeout)
    try logIn(handle)
    return handle
  }

  private func openSocket(_ handle: Handle) throws(AMQPError) {
    // Both sockets are freed with the connection state: "will be destroyed by amqp_destroy_connection".
    guard let socket = address.usesTLS ? amqp_ssl_socket_new(handle.state) : amqp_tcp_socket_new(handle.state) else {
      throw .refused(address: address.display, detail: "no socket")
    }
    handle.isEncrypted = address.usesTLS
    if address.usesTLS { try prepareTLS(socket) }
    var timeout = timeval(options.connectTimeout)
    let status = amqp_socket_open_noblock(socket, address.host, Int32(address.port), &timeout)
    switch status {
    case AMQP_STATUS_OK.rawValue: return
    case ...AMQP_STATUS_SSL_ERROR.rawValue: throw .tls(detail: "\(statusText(status)) with \(address.display)")
    case AMQP_STATUS_TIMEOUT.rawValue:
      throw .refused(address: address.display, detail: "no answer within \(options.connectTimeout)")
    default: throw .refused(address: address.display, detail: statusText(status))
    }
  }

  private func prepareTLS(_ socket: OpaquePointer) throws(AMQPError) {
    let tls = options.tls
    amqp_ssl_socket_set_verify_peer(socket, tls.verifyPeer ? 1 : 0)
    amqp_ssl_socket_set_verify_hostname(socket, tls.verifyHost ? 1 : 0)
    guard amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) == AMQP_STATUS_OK.rawValue else {
      throw .tls(detail: "TLS 1.2 or later is not available")
    }
    if tls.verifyPeer, amqp_ssl_socket_set_cacert(socket, tls.authorityFile) != AMQP_STATUS_OK.rawValue {
      throw .tls(detail: "cannot use the authorities in \(tls.authorityFile)")
    }
    guard tls.certificateFile != nil || tls.keyFile != nil else { return }
    guard let certificate = tls.certificateFile, let key = tls.keyFile else {
      throw .tls(detail: "a client certificate and its key belong together")
    }
    guard amqp_ssl_socket_set_key(socket, certificate, key) == AMQP_STATUS_OK.rawValue else {
      throw .tls(detail: "cannot use the client certificate \(certificate) with key \(key)")
    }
  }

  private func logIn(_ handle: Handle) throws(AMQPError) {
    let arena = Arena()
    // librabbitmq copies the table into the connection's own pool.
    var properties = arena.table([
      "product": .string("Tallyman"),
      "version": .string(options.productVersion),
      "connection_name": .string(options.connectionName),
      "capabilities": .table([
        "authentication_failure_close": .bool(true),
        "basic.nack": .bool(true),
        "connection.blocked": .bool(true),
        "consumer_cancel_notify": .bool(true),
        "publisher_confirms": .bool(true),
      ]),
    ])
    let heartbeat = Int32(max(1, min(options.heartbeat.components.seconds, 65535)))
    let reply = tallyman_amqp_login(
      handle.state, address.vhost, Int32(Publisher.mostChannels), AMQP_DEFAULT_FRAME_SIZE, heartbeat, &properties,
      address.user, address.password)
    switch reply.reply_type {
    case AMQP_RESPONSE_NORMAL: return
    case AMQP_RESPONSE_SERVER_EXCEPTION: throw refusal(reply.reply)
    case AMQP_RESPONSE_LIBRARY_EXCEPTION where reply.library_error == AMQP_STATUS_TIMEOUT.rawValue:
      throw .timedOut(operation: "login at \(address.display)")
    default: throw .connectionLost(detail: "during the login: \(statusText(reply.library_error))")
    }
  }

  /// What the broker's `connection.close` during the login means.
  private func refusal(_ method: amqp_method_t) -> AMQPError {
    guard method.id == AMQP_CONNECTION_CLOSE_METHOD, let decoded = method.decoded else {
      return .protocolViolation(detail: "method \(method.id) as an answer to the login")
    }
    // librabbitmq: `decoded` points to the struct that belongs to `id`.
    let close = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
    let text = String(close.reply_text)
    switch close.reply_code {
    case 403: return .authentication(text: text)
    case 530: return .virtualHost(name: address.vhost, text: text)
    default: return .connectionClosed(code: Int(close.reply_code), text: text)
    }
  }
}
