/// How to reach the database, and every limit that a connection puts on its waits.
///
/// All time-outs are set when the connection is opened, so that no statement ever runs without them. A zero duration
/// switches a server-side time-out off, as PostgreSQL has it.
public struct ConnectionOptions: Sendable {
  /// Where the database is: `postgres://user@host:port/name?option=value` or `host=… dbname=…`. libpq's environment
  /// variables, password file and service file apply to what it leaves out.
  public var conninfo: String
  /// The password, kept apart from ``conninfo`` so that the latter may be logged. Never part of an error's text.
  public var password: String?
  /// What `pg_stat_activity` and the server's log call this connection.
  public var applicationName: String
  /// Longest time for connecting, including TLS and authentication, over all hosts that the conninfo names. One that
  /// says nothing is passed over when its equal share of the time is over.
  public var connectTimeout: Duration = .seconds(5)
  /// The server cancels a statement that runs longer (`statement_timeout`).
  public var statementTimeout: Duration = .seconds(15)
  /// The server gives up waiting for one lock after this time (`lock_timeout`). ``statementTimeout`` bounds the sum.
  public var lockTimeout: Duration = .seconds(5)
  /// The server ends a session that keeps a transaction open without doing anything
  /// (`idle_in_transaction_session_timeout`).
  public var idleInTransactionTimeout: Duration = .seconds(15)
  /// The kernel ends the connection when sent data stays unacknowledged for longer (`tcp_user_timeout`).
  public var tcpUserTimeout: Duration = .seconds(10)
  /// How often the server looks, while a statement runs, whether we are still there
  /// (`client_connection_check_interval`).
  public var clientConnectionCheckInterval: Duration = .seconds(2)
  /// Longest time to wait for an answer before the connection is given up, or nil for ``statementTimeout`` + 5 s
  /// (one hour where that is switched off).
  ///
  /// This is what frees a lane from a server that has stopped answering without closing the connection. One wait covers
  /// all that the server does before it answers, so it also bounds a whole pipelined batch.
  public var responseTimeout: Duration?
  /// Further server settings, such as `search_path` or `plan_cache_mode`.
  public var settings: [String: String] = [:]

  /// Options with the default limits.
  ///
  /// - Parameters:
  ///   - conninfo: A connection URI or a `key=value` string.
  ///   - password: The password, unless the conninfo, the password file or the server's rules make it unnecessary.
  ///   - applicationName: The name that operators see.
  public init(conninfo: String, password: String? = nil, applicationName: String = "tallyman") {
    self.conninfo = conninfo
    self.password = password
    self.applicationName = applicationName
  }

  /// ``responseTimeout`` or its default.
  var effectiveResponseTimeout: Duration {
    if let responseTimeout { return responseTimeout }
    return statementTimeout == .zero ? .seconds(3600) : statementTimeout + .seconds(5)
  }

  /// How the server notices that our host is gone, without a word: as long as it takes it for alive, a session keeps
  /// its locks, a relay's shards among them. By default the kernel asks after two hours. Here it is given up 25 s after
  /// it was last heard, or 20 s after it left something unacknowledged. Over a socket of the same machine the server
  /// ignores these.
  private static let deadPeer = [
    ("tcp_keepalives_idle", "10"), ("tcp_keepalives_interval", "5"), ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "20000"),
  ]

  /// Times come and go as numbers; where the server makes texts of them, they are the same from every server.
  private static let texts = [("DateStyle", "ISO"), ("TimeZone", "UTC")]

  /// The server settings of this connection as the `options` of a startup packet.
  var startupOptions: String {
    let limits = [
      ("statement_timeout", statementTimeout),
      ("lock_timeout", lockTimeout),
      ("idle_in_transaction_session_timeout", idleInTransactionTimeout),
      ("client_connection_check_interval", clientConnectionCheckInterval),
    ].map { ($0.0, "\($0.1.wholeMilliseconds)") }
    let further = settings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    return (limits + Self.deadPeer + Self.texts + further).map { "-c \($0.0)=\(Self.escaped($0.1))" }.joined(
      separator: " ")
  }

  /// Spaces separate options; a backslash takes that meaning away.
  private static func escaped(_ value: String) -> String {
    var result = ""
    for character in value {
      if character == "\\" || character.isWhitespace { result.append("\\") }
      result.append(character)
    }
    return result
  }
}

extension ConnectionOptions: CustomStringConvertible, CustomReflectable {
  /// Names the application only: conninfo may carry a password.
  public var description: String { "ConnectionOptions(\(applicationName))" }
  /// Keeps the password out of `dump` and of failed expectations.
  public var customMirror: Mirror { Mirror(self, children: ["applicationName": applicationName]) }
}

extension Duration {
  /// In milliseconds, rounded up, so that a positive limit never becomes zero, which would mean "none".
  var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    let fraction = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow ? Int64(Int32.max) : min(whole + fraction, Int64(Int32.max))
  }
}
