import Contracts
import Logging
import Observability

/// Every setting, declared once. Parsing, errors and `topology/SETTINGS.md` all derive from here.
public enum SettingsTable {
  /// A group of settings under one heading.
  public struct Section: Sendable {
    /// The heading.
    public let title: String
    /// The settings, in the order of the documentation.
    public let settings: [SettingDeclaration]
  }

  /// All settings by heading.
  public static let sections: [Section] = [
    Section(
      title: "Database",
      settings: [
        databaseURL.declaration, databasePassword.declaration, statementTimeout.declaration, lockTimeout.declaration,
        idleTransactionTimeout.declaration,
      ]),
    Section(
      title: "Broker",
      settings: [
        brokerURL.declaration, brokerPassword.declaration, brokerCA.declaration, brokerCertificate.declaration,
        brokerKey.declaration, heartbeat.declaration, managementURL.declaration, managementPassword.declaration,
      ]),
    Section(title: "Network", settings: [connectTimeout.declaration, tcpUserTimeout.declaration]),
    Section(
      title: "Workers", settings: [lanes.declaration, batch.declaration, prefetch.declaration, inboxDays.declaration]),
    Section(title: "Allocation", settings: [overdueDays.declaration, locationPolicy.declaration]),
    Section(
      title: "Relay", settings: [relayBatch.declaration, relayPoll.declaration]),
    Section(
      title: "Notifications",
      settings: [
        smtpURL.declaration, smtpUser.declaration, smtpPassword.declaration, smtpEncryption.declaration,
        emailFrom.declaration, emailTo.declaration, webhookURLs.declaration, webhookSecret.declaration,
        deliveryTimeout.declaration,
        deliveryLease.declaration, deliveryAttempts.declaration,
      ]),
    Section(
      title: "Process",
      settings: [
        httpHost.declaration, httpPort.declaration, shutdown.declaration, laneSilence.declaration,
        logFormat.declaration, logLevel.declaration,
      ]),
  ]

  /// All settings.
  public static let all: [SettingDeclaration] = sections.flatMap(\.settings)
}

// MARK: Database

extension SettingsTable {
  static let databaseURL = Setting<ServiceURL>.url(
    "TALLYMAN_DATABASE_URL", .required, schemes: ["postgresql", "postgres"],
    example: "postgresql://tallyman_inventory@db.example.com:5432/tallyman",
    meaning: "The PostgreSQL database, with the role of this executable. All of libpq's parameters are understood. "
      + "Over a network add `\(DatabaseSettings.verified)`, which encrypts and verifies: without an sslmode libpq "
      + "falls back to plain text and checks no certificate, which is logged at the start.",
    usedBy: Executable.allCases)
  static let databasePassword = Setting<Secret>.secret(
    "TALLYMAN_DATABASE_PASSWORD", meaning: "The role's password, if the URL has none.", usedBy: Executable.allCases)
  static let statementTimeout = Setting<Duration>.milliseconds(
    "TALLYMAN_STATEMENT_TIMEOUT_MS", default: 10_000, in: 100...600_000,
    meaning: "Longest time for one statement, its waits for locks included. At most the heartbeat: while a statement "
      + "runs nobody answers the broker.", usedBy: .services)
  static let lockTimeout = Setting<Duration>.milliseconds(
    "TALLYMAN_LOCK_TIMEOUT_MS", default: 5_000, in: 10...600_000,
    meaning: "Longest wait for one lock; after it the batch is tried again. At most the statement time-out.",
    usedBy: .services)
  static let idleTransactionTimeout = Setting<Duration>.milliseconds(
    "TALLYMAN_IDLE_TRANSACTION_TIMEOUT_MS", default: 10_000, in: 100...600_000,
    meaning: "How long the database keeps an open transaction, and its locks, of a worker that went silent.",
    usedBy: .services)
}

// MARK: Broker and network

extension SettingsTable {
  static let brokerURL = Setting<ServiceURL>.url(
    "TALLYMAN_BROKER_URL", .required, schemes: ["amqp", "amqps"],
    example: "amqps://tallyman_inventory@mq.example.com:5671/supply",
    meaning: "The RabbitMQ broker: user, host, port and virtual host. amqps is TLS with the host's name verified.",
    usedBy: .services)
  static let brokerPassword = Setting<Secret>.secret(
    "TALLYMAN_BROKER_PASSWORD", meaning: "The user's password, if the URL has none.", usedBy: .services)
  static let brokerCA = Setting<String>.path(
    "TALLYMAN_BROKER_CA_FILE",
    meaning: "Certificate authorities (PEM) that may have signed the broker's certificate, and that of its "
      + "management API.",
    usedBy: Executable.allCases)
  static let brokerCertificate = Setting<String>.path(
    "TALLYMAN_BROKER_CERT_FILE",
    meaning: "Our certificate (PEM) where the broker, or its management API, asks for one; with the key.",
    usedBy: Executable.allCases)
  static let brokerKey = Setting<String>.path(
    "TALLYMAN_BROKER_KEY_FILE", meaning: "The private key (PEM) of our certificate.", usedBy: Executable.allCases)
  static let heartbeat = Setting<Duration>.seconds(
    "TALLYMAN_HEARTBEAT_SECONDS", default: 20, in: 2...600,
    meaning: "AMQP heartbeat: a peer that is silent for twice this time is taken for dead.", usedBy: .services)
  static let managementURL = Setting<ServiceURL>.url(
    "TALLYMAN_MANAGEMENT_URL", .optional, schemes: ["http", "https"], example: "http://operator@mq.example.com:15672",
    meaning: "RabbitMQ's management API, for `tallyman topology --check`.", usedBy: [.tallyman])
  static let managementPassword = Setting<Secret>.secret(
    "TALLYMAN_MANAGEMENT_PASSWORD", meaning: "The password for the management API, if its URL has none.",
    usedBy: [.tallyman])
  static let connectTimeout = Setting<Duration>.seconds(
    "TALLYMAN_CONNECT_TIMEOUT_SECONDS", default: 10, in: 1...300,
    meaning: "Longest time for opening a connection to the database or the broker.", usedBy: Executable.allCases)
  static let tcpUserTimeout = Setting<Duration>.milliseconds(
    "TALLYMAN_TCP_USER_TIMEOUT_MS", default: 15_000, in: 1_000...600_000,
    meaning: "How long sent data may stay unacknowledged before a connection is given up.", usedBy: .services)
}

// MARK: Workers and relay

extension SettingsTable {
  static let lanes = Setting<Int>.integer(
    "TALLYMAN_LANES", default: 2, in: 1...64, unit: "lanes",
    meaning: "Threads that consume, each with one connection to the database and one to the broker.", usedBy: .workers)
  static let batch = Setting<Int>.integer(
    "TALLYMAN_BATCH", default: 750, in: 1...5_000, unit: "messages",
    meaning: "Most messages in one transaction. A lane takes what has arrived and never waits to fill a batch.",
    usedBy: .workers)
  static let prefetch = Setting<Int>.integer(
    "TALLYMAN_PREFETCH", default: 3_000, in: 1...65_535, unit: "messages",
    meaning: "Unacknowledged messages the broker hands to a lane. At least the batch; four times it keeps lanes busy.",
    usedBy: .workers)
  static let inboxDays = Setting<Int>.integer(
    "TALLYMAN_INBOX_RETENTION_DAYS", default: 31, in: 31...3_650, unit: "days",
    meaning: "How long the inbox, and with it the bodies of all messages, is kept. Messages up to 30 days old are "
      + "admitted, so that 31 days are the least. Where workers differ the smallest number counts.",
    usedBy: .workers)
  static let overdueDays = Setting<Duration>.days(
    "TALLYMAN_SHIPMENT_OVERDUE_DAYS", default: 7, in: 1...365,
    meaning: "After how long without a status a shipment is announced as overdue, once.", usedBy: [.allocationWorker])
  static let locationPolicy = Setting<LocationPolicyName>.choice(
    "TALLYMAN_LOCATION_POLICY", default: .mostStock,
    meaning: "By which rule the locations are chosen that serve an order which does not say.",
    usedBy: [.allocationWorker])
  static let relayBatch = Setting<Int>.integer(
    "TALLYMAN_RELAY_BATCH", default: 3_000, in: 1...10_000, unit: "messages",
    meaning: "About how many messages of the outbox are fetched at once, with 16 MB of bodies at most; up to twice as "
      + "many are in hand, and up to 1,000 of them under way to the broker at any time.",
    usedBy: [.outboxRelay])
  static let relayPoll = Setting<Duration>.milliseconds(
    "TALLYMAN_RELAY_POLL_MS", default: 50, in: 1...1_000,
    meaning: "How often the relay looks for rows when it found none and nobody woke it. Meanwhile it neither serves "
      + "the broker nor obeys a stop.", usedBy: [.outboxRelay])
}

// MARK: Notifications

extension SettingsTable {
  static let smtpURL = Setting<ServiceURL>.url(
    "TALLYMAN_SMTP_URL", .optional, schemes: ["smtp", "smtps"], example: "smtp://mail.example.com:587",
    meaning: "The mail server. Without it no mail is sent.", usedBy: [.notificationWorker])
  static let smtpUser = Setting<String>.text(
    "TALLYMAN_SMTP_USER", .optional, meaning: "The user at the mail server, where it asks for one.",
    usedBy: [.notificationWorker])
  static let smtpPassword = Setting<Secret>.secret(
    "TALLYMAN_SMTP_PASSWORD", meaning: "The password at the mail server.", usedBy: [.notificationWorker])
  static let smtpEncryption = Setting<MailEncryption>.choice(
    "TALLYMAN_SMTP_ENCRYPTION", default: .startTLS,
    meaning: "Whether mail leaves encrypted over smtp://: always, where the server offers it, or never.",
    usedBy: [.notificationWorker])
  static let emailFrom = Setting<String>.address(
    "TALLYMAN_EMAIL_FROM", meaning: "The sender's address.", usedBy: [.notificationWorker])
  static let emailTo = Setting<[NotificationRoute<String>]>.routes(
    "TALLYMAN_EMAIL_TO", allowed: "e-mail addresses separated by commas",
    meaning: "Who gets mails. Orders' mails go there too: customers' addresses are not part of the events.",
    exposure: .open
  ) { Printable.isAddress($0) ? $0 : nil }
  static let webhookURLs = Setting<[NotificationRoute<ServiceURL>]>.routes(
    "TALLYMAN_WEBHOOK_URLS", allowed: "http:// or https:// URLs separated by commas",
    meaning: "Endpoints that get signed webhooks.", exposure: .url
  ) { ServiceURL($0, schemes: ["http", "https"]) }
  static let webhookSecret = Setting<Secret>.secret(
    "TALLYMAN_WEBHOOK_SECRET", meaning: "The key that signs webhooks, as Standard Webhooks writes it (whsec_…).",
    usedBy: [.notificationWorker])
  static let deliveryTimeout = Setting<Duration>.seconds(
    "TALLYMAN_DELIVERY_TIMEOUT_SECONDS", default: 10, in: 1...120,
    meaning: "Longest time for one attempt to send.", usedBy: [.notificationWorker])
  static let deliveryLease = Setting<Duration>.seconds(
    "TALLYMAN_DELIVERY_LEASE_SECONDS", default: 60, in: 2...3_600,
    meaning: "How long a sender may keep a delivery before another one takes it over. More than an attempt takes.",
    usedBy: [.notificationWorker])
  static let deliveryAttempts = Setting<Int>.integer(
    "TALLYMAN_DELIVERY_ATTEMPTS", default: 8, in: 1...100, unit: "attempts",
    meaning: "Attempts before a delivery has failed for good.", usedBy: [.notificationWorker])
}

// MARK: Process

extension SettingsTable {
  static let httpHost = Setting<String>.text(
    "TALLYMAN_HTTP_HOST", .byDefault("0.0.0.0"), allowed: "an address or a host name",
    meaning: "Where `/health/live`, `/health/ready` and `/metrics` listen.", usedBy: .services)
  static let httpPort = Setting<Int>.integer(
    "TALLYMAN_HTTP_PORT", default: 8_080, in: 0...65_535, unit: "port",
    meaning: "Their port. 0 takes any free one; the log says which.", usedBy: .services)
  static let shutdown = Setting<Duration>.seconds(
    "TALLYMAN_SHUTDOWN_SECONDS", default: 25, in: 1...3_600,
    meaning: "Time for work in hand after SIGTERM. Whoever sends it must wait longer before SIGKILL.",
    usedBy: .services)
  static let laneSilence = Setting<Duration>.seconds(
    "TALLYMAN_LANE_SILENCE_SECONDS", default: 60, in: 5...3_600,
    meaning:
      "How long a lane may go without a sign of life before `/health/live` fails. More than a statement and opening "
      + "two connections may take.",
    usedBy: .services)
  static let logFormat = Setting<LogFormat>.choice(
    "TALLYMAN_LOG_FORMAT", default: .auto,
    meaning: "How logs are written: auto is text at a terminal and JSON lines otherwise.", usedBy: .services)
  static let logLevel = Setting<Logger.Level>.choice(
    "TALLYMAN_LOG_LEVEL", default: .info, meaning: "The lowest level that is logged.", usedBy: .services)
}
