import AMQP
import Observability
import Postgres

extension DatabaseSettings {
  /// How a lane connects, with the password as it is now.
  ///
  /// - Parameter name: What `pg_stat_activity` shows, such as `allocation-worker/lane-1`.
  public func options(name: String) -> ConnectionOptions {
    var options = ConnectionOptions(conninfo: url.reveal(), password: password?.current.reveal(), applicationName: name)
    options.connectTimeout = connectTimeout
    options.statementTimeout = statementTimeout
    options.lockTimeout = lockTimeout
    options.idleInTransactionTimeout = idleTransactionTimeout
    options.tcpUserTimeout = tcpUserTimeout
    options.settings = DatabaseSettings.planning
    return options
  }

  /// What to tell at the start where nobody has said how the connection is to be protected; nil where somebody has.
  public var protectionWarning: String? {
    guard let host = options(name: "").unprotectedHost() else { return nil }
    return """
      \(SettingsTable.databaseURL.declaration.name) has no sslmode: the connection to \(host) falls back to plain \
      text where TLS is not offered, and no certificate is checked. Add \(Self.verified), or sslmode=prefer if that \
      is wanted
      """
  }

  /// The parameters that encrypt and verify, with the authorities that Debian and the image keep.
  static let verified = "?sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt"

  /// Every statement of ours is an index lookup with arrays of any length: what the planner guesses about them led it
  /// to read whole tables. One generic plan per statement, by index.
  static let planning = [
    "search_path": "tallyman",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
  ]
}

extension BrokerSettings {
  /// How a lane connects, with the password as it is now.
  ///
  /// - Parameter name: What the management pages show, such as `allocation-worker/lane-1@host`.
  public func options(name: String) -> BrokerOptions {
    var options = BrokerOptions(uri: url.reveal(), password: password?.current.reveal(), connectionName: name)
    options.productVersion = Product.version
    options.heartbeat = heartbeat
    options.connectTimeout = connectTimeout
    options.tcpUserTimeout = tcpUserTimeout
    if let caFile { options.tls.authorityFile = caFile }
    options.tls.certificateFile = certificateFile
    options.tls.keyFile = keyFile
    return options
  }
}

/// This build.
public enum Product {
  /// Semantic version.
  public static let version = "0.1.0"
}
