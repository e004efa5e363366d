/// How to reach the broker, as whom, and how long to wait for it.
public struct BrokerOptions: Sendable {
  /// `amqp://user:password@host:port/vhost` or `amqps://…`. User, vhost and password may be percent-encoded; an empty
  /// path means the vhost `/`. Default port 5672, with TLS 5671.
  public var uri: String
  /// Replaces the URI's password, so that the URI can be shown and the password can live in a file.
  public var password: String?
  /// What an operator sees as the connection's name in the management UI, such as `inventory-worker lane 1`.
  public var connectionName: String
  /// Version of this program, shown beside the product name in the management UI.
  public var productVersion: String
  /// Longest silence before either side takes the other for dead; whole seconds, at least one. The connection has to
  /// be serviced (``Connection/service()``, ``Consumer/take(upTo:bytes:waiting:)``) at least every half of it.
  public var heartbeat: Duration
  /// Bound of the TCP connect, the TLS handshake and the AMQP login, each.
  public var connectTimeout: Duration
  /// Bound of one request and its answer, such as a declaration.
  public var requestTimeout: Duration
  /// Longest time that sent bytes may stay unacknowledged by the peer's TCP before the connection counts as lost.
  public var tcpUserTimeout: Duration
  /// TLS settings; used with `amqps` only.
  public var tls: TLSOptions

  /// - Parameters:
  ///   - uri: See ``uri``.
  ///   - password: See ``password``.
  ///   - connectionName: See ``connectionName``.
  ///   - productVersion: See ``productVersion``.
  ///   - heartbeat: See ``heartbeat``.
  ///   - connectTimeout: See ``connectTimeout``.
  ///   - requestTimeout: See ``requestTimeout``.
  ///   - tcpUserTimeout: See ``tcpUserTimeout``.
  ///   - tls: See ``tls``.
  public init(
    uri: String, password: String? = nil, connectionName: String, productVersion: String = "development",
    heartbeat: Duration = .seconds(20), connectTimeout: Duration = .seconds(10),
    requestTimeout: Duration = .seconds(15), tcpUserTimeout: Duration = .seconds(15), tls: TLSOptions = TLSOptions()
  ) {
    self.uri = uri
    self.password = password
    self.connectionName = connectionName
    self.productVersion = productVersion
    self.heartbeat = heartbeat
    self.connectTimeout = connectTimeout
    self.requestTimeout = requestTimeout
    self.tcpUserTimeout = tcpUserTimeout
    self.tls = tls
  }
}

/// Shows neither URI nor password, however it is printed: a URI may contain a password.
extension BrokerOptions: CustomStringConvertible, CustomReflectable {
  /// The connection's name alone.
  public var description: String { "BrokerOptions(\(connectionName))" }
  /// The connection's name alone.
  public var customMirror: Mirror { Mirror(self, children: ["connectionName": connectionName]) }
}

/// TLS towards the broker. Peer and host name are verified unless switched off.
public struct TLSOptions: Sendable, Hashable {
  /// PEM file with the authorities to trust. Default: Debian's bundle of public authorities.
  public var authorityFile: String
  /// PEM file with this client's certificate; needs ``keyFile``.
  public var certificateFile: String?
  /// PEM file with this client's private key.
  public var keyFile: String?
  /// Whether the broker's certificate must come from a trusted authority.
  public var verifyPeer: Bool
  /// Whether the broker's certificate must be for the URI's host. librabbitmq compares DNS names only, not addresses.
  public var verifyHost: Bool

  /// - Parameters:
  ///   - authorityFile: See ``authorityFile``.
  ///   - certificateFile: See ``certificateFile``.
  ///   - keyFile: See ``keyFile``.
  ///   - verifyPeer: See ``verifyPeer``.
  ///   - verifyHost: See ``verifyHost``.
  public init(
    authorityFile: String = "/etc/ssl/certs/ca-certificates.crt", certificateFile: String? = nil,
    keyFile: String? = nil, verifyPeer: Bool = true, verifyHost: Bool = true
  ) {
    self.authorityFile = authorityFile
    self.certificateFile = certificateFile
    self.keyFile = keyFile
    self.verifyPeer = verifyPeer
    self.verifyHost = verifyHost
  }
}
