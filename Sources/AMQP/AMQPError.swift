/// What can go wrong between this program and the broker.
///
/// No case ever carries a password or the URI it may stand in.
public enum AMQPError: Error, Sendable, Hashable {
  /// The URI cannot be understood. The configuration is wrong; trying again does not help.
  case invalidURI(reason: String)
  /// No TCP connection: name unknown, port closed, or no answer in time.
  case refused(address: String, detail: String)
  /// The broker does not accept user and password (403 ACCESS_REFUSED at login).
  case authentication(text: String)
  /// The vhost does not exist or is not open to the user (530 NOT_ALLOWED at login).
  case virtualHost(name: String, text: String)
  /// The TLS handshake failed, or a certificate or key file cannot be used.
  case tls(detail: String)
  /// The broker closed the connection, with its reply code: 320 is an operator or a shutdown.
  case connectionClosed(code: Int, text: String)
  /// The broker closed the channel, with its reply code: 404 missing, 406 contradiction, 403 no permission.
  case channelClosed(code: Int, text: String)
  /// The broker ended the consumer, usually because its queue was deleted or lost its leader.
  case consumerCancelled(queue: String)
  /// The connection broke without a word, or heartbeats stopped.
  case connectionLost(detail: String)
  /// The broker did not answer a request in time. What became of the request is unknown.
  case timedOut(operation: String)
  /// The broker accepts no publishing now (memory or disk alarm). Nothing was written; try again later.
  case blocked(reason: String)
  /// The message cannot be expressed in AMQP 0-9-1, such as a routing key above 255 bytes. Nothing was written.
  case invalidMessage(detail: String)
  /// The peer broke the protocol.
  case protocolViolation(detail: String)
  /// The connection was closed by this program before.
  case closed

  /// Whether the connection is of no more use and a new one is needed.
  public var needsReconnect: Bool {
    switch self {
    case .blocked, .invalidMessage, .invalidURI: false
    default: true
    }
  }

  /// Whether waiting and trying again can help without anyone changing the program or the topology.
  public var isInfrastructure: Bool {
    switch self {
    case .invalidURI, .invalidMessage, .protocolViolation: false
    case .channelClosed(let code, _): ![403, 404, 406].contains(code)
    default: true
    }
  }
}

extension AMQPError: CustomStringConvertible {
  /// One sentence for logs and terminals.
  public var description: String {
    switch self {
    case .invalidURI(let reason): "the broker URI is invalid: \(reason)"
    case .refused(let address, let detail): "cannot connect to the broker at \(address): \(detail)"
    case .authentication(let text): "the broker refused the login: \(text)"
    case .virtualHost(let name, let text): "vhost '\(name)' cannot be used: \(text)"
    case .tls(let detail): "TLS with the broker failed: \(detail)"
    case .connectionClosed(let code, let text): "the broker closed the connection: \(code) \(text)"
    case .channelClosed(let code, let text): "the broker closed the channel: \(code) \(text)"
    case .consumerCancelled(let queue): "the broker cancelled the consumer of queue '\(queue)'"
    case .connectionLost(let detail): "the connection to the broker is lost: \(detail)"
    case .timedOut(let operation): "the broker did not answer in time: \(operation)"
    case .blocked(let reason): "the broker blocks publishing: \(reason)"
    case .invalidMessage(let detail): "the message cannot be published: \(detail)"
    case .protocolViolation(let detail): "the broker broke the protocol: \(detail)"
    case .closed: "the connection to the broker was closed by this program"
    }
  }
}
