import Contracts
import Logging
import Observability

/// How to reach the database.
public struct DatabaseSettings: Sendable {
  /// Where it is, and the role.
  public let url: ServiceURL
  /// The role's password, if the URL has none.
  public let password: SecretSource?
  /// Longest time for opening a connection.
  public let connectTimeout: Duration
  /// Longest time for a statement.
  public let statementTimeout: Duration
  /// Longest wait for one lock.
  public let lockTimeout: Duration
  /// How long an idle transaction survives.
  public let idleTransactionTimeout: Duration
  /// How long sent data may stay unacknowledged.
  public let tcpUserTimeout: Duration

  init(_ source: SettingsEnvironment) throws(SettingsError) {
    url = try source.value(SettingsTable.databaseURL)
    password = source.secret(SettingsTable.databasePassword)
    connectTimeout = try source.value(SettingsTable.connectTimeout)
    statementTimeout = try source.value(SettingsTable.statementTimeout)
    lockTimeout = try source.value(SettingsTable.lockTimeout)
    idleTransactionTimeout = try source.value(SettingsTable.idleTransactionTimeout)
    tcpUserTimeout = try source.value(SettingsTable.tcpUserTimeout)
  }
}

/// How to reach the broker.
public struct BrokerSettings: Sendable {
  /// Where it is, the user and the virtual host.
  public let url: ServiceURL
  /// The user's password, if the URL has none.
  public let password: SecretSource?
  /// Path of the certificate authorities, PEM.
  public let caFile: String?
  /// Path of our certificate, PEM.
  public let certificateFile: String?
  /// Path of our certificate's key, PEM.
  public let keyFile: String?
  /// AMQP heartbeat.
  public let heartbeat: Duration
  /// Longest time for opening a connection.
  public let connectTimeout: Duration
  /// How long sent data may stay unacknowledged.
  public let tcpUserTimeout: Duration
  /// Whether the connection is encrypted.
  public var usesTLS: Bool { url.scheme == "amqps" }

  init(_ source: SettingsEnvironment) throws(SettingsError) {
    url = try source.value(SettingsTable.brokerURL)
    password = source.secret(SettingsTable.brokerPassword)
    caFile = source.optional(SettingsTable.brokerCA)
    certificateFile = source.optional(SettingsTable.brokerCertificate)
    keyFile = source.optional(SettingsTable.brokerKey)
    heartbeat = try source.value(SettingsTable.heartbeat)
    connectTimeout = try source.value(SettingsTable.connectTimeout)
    tcpUserTimeout = try source.value(SettingsTable.tcpUserTimeout)
  }
}

/// How to reach the broker's management API.
public struct ManagementSettings: Sendable {
  /// Where it is, and the user.
  public let url: ServiceURL
  /// The user's password, if the URL has none.
  public let password: Secret?
  /// Path of the certificate authorities, PEM; nil for the system's.
  public let caFile: String?
  /// Path of our certificate, PEM.
  public let certificateFile: String?
  /// Path of our certificate's key, PEM.
  public let keyFile: String?

  init(_ source: SettingsEnvironment) throws(SettingsError) {
    url = try source.value(SettingsTable.managementURL)
    password = source.optional(SettingsTable.managementPassword)
    caFile = source.optional(SettingsTable.brokerCA)
    certificateFile = source.optional(SettingsTable.brokerCertificate)
    keyFile = source.optional(SettingsTable.brokerKey)
  }
}

/// How a worker consumes.
public struct WorkerSettings: Sendable {
  /// Threads that consume.
  public let lanes: Int
  /// Most messages in one transaction.
  public let batch: Int
  /// Unacknowledged messages handed to a lane.
  public let prefetch: Int
  /// Days that the inbox is kept.
  public let inboxDays: Int

  init(_ source: SettingsEnvironment) throws(SettingsError) {
    lanes = try source.value(SettingsTable.lanes)
    batch = try source.value(SettingsTable.batch)
    prefetch = try source.value(SettingsTable.prefetch)
    inboxDays = try source.value(SettingsTable.inboxDays)
  }
}

/// What the allocation-worker decides by.
public struct AllocationSettings: Sendable {
  /// After how long without a status a shipment is overdue.
  public let overdueAfter: Duration
  /// The location policy of orders that ask for none.
  public let locationPolicy: LocationPolicyName

  init(_ source: SettingsEnvironment) throws(SettingsError) {
    overdueAfter = try source.value(SettingsTable.overdueDays)
    locationPolicy = try source.value(SettingsTable.locationPolicy)
  }
}

/// How the relay publishes.
public struct RelaySettings: Sendable {
  /// About how many messages are fetched at once.
  public let batch: Int
  /// How often to look when nothing was found.
  public let pollInterval: Duration

  init(_ source: SettingsEnvironment) throws(SettingsError) {
    batch = try source.value(SettingsTable.relayBatch)
    pollInterval = try source.value(SettingsTable.relayPoll)
  }
}

/// Whether mail leaves encrypted.
public enum MailEncryption: String, CaseIterable, Sendable {
  /// Never: for a relay on the same machine.
  case none
  /// Where the server offers it.
  case whereOffered = "where-offered"
  /// Always, or the mail does not leave.
  case startTLS = "starttls"
}

/// Whom to notify, and how.
public struct NotificationSettings: Sendable {
  /// The mail server; nil when no mail is sent.
  public let smtpURL: ServiceURL?
  /// The user there.
  public let smtpUser: String?
  /// Their password.
  public let smtpPassword: Secret?
  /// STARTTLS or not; means nothing for `smtps://`.
  public let smtpEncryption: MailEncryption
  /// The sender's address.
  public let emailFrom: String?
  /// Who gets mails.
  public let emailTo: [NotificationRoute<String>]
  /// Who gets webhooks.
  public let webhooks: [NotificationRoute<ServiceURL>]
  /// The key that signs webhooks.
  public let webhookSecret: Secret?
  /// Longest time for an attempt.
  public let timeout: Duration
  /// How long a sender keeps a delivery.
  public let lease: Duration
  /// Attempts before a delivery has failed.
  public let attempts: Int

  init(_ source: SettingsEnvironment) throws(SettingsError) {
    smtpURL = source.optional(SettingsTable.smtpURL)
    smtpUser = source.optional(SettingsTable.smtpUser)
    smtpPassword = source.optional(SettingsTable.smtpPassword)
    smtpEncryption = try source.value(SettingsTable.smtpEncryption)
    emailFrom = source.optional(SettingsTable.emailFrom)
    emailTo = source.optional(SettingsTable.emailTo) ?? []
    webhooks = source.optional(SettingsTable.webhookURLs) ?? []
    webhookSecret = source.optional(SettingsTable.webhookSecret)
    timeout = try source.value(SettingsTable.deliveryTimeout)
    lease = try source.value(SettingsTable.deliveryLease)
    attempts = try source.value(SettingsTable.deliveryAttempts)
  }
}

/// Where health and metrics listen.
public struct HTTPSettings: Sendable {
  /// Address or host name.
  public let host: String
  /// Port; 0 for any free one.
  public let port: Int

  /// Given rather than read, for tests and tools.
  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  init(_ source: SettingsEnvironment) throws(SettingsError) {
    host = try source.value(SettingsTable.httpHost)
    port = try source.value(SettingsTable.httpPort)
  }
}

/// How logs are written.
public struct LogSettings: Sendable {
  /// Their form.
  public let format: LogFormat
  /// The lowest level written.
  public let level: Logger.Level

  /// Given rather than read, for tests and tools.
  public init(format: LogFormat, level: Logger.Level) {
    self.format = format
    self.level = level
  }

  init(_ source: SettingsEnvironment) throws(SettingsError) {
    format = try source.value(SettingsTable.logFormat)
    level = try source.value(SettingsTable.logLevel)
  }
}
