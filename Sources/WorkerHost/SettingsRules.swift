/// Rules between settings, checked at the start: each prevents a deployment that starts and then does not work.
extension Settings {
  /// A sentence per broken rule.
  var contradictions: [String] { timeProblems + brokerProblems + workerProblems + notificationProblems }

  private var timeProblems: [String] {
    var problems: [String] = []
    if database.lockTimeout > database.statementTimeout {
      problems.append(
        "TALLYMAN_LOCK_TIMEOUT_MS = \(milliseconds(database.lockTimeout)): must be at most "
          + "TALLYMAN_STATEMENT_TIMEOUT_MS, which is \(milliseconds(database.statementTimeout)), or "
          + "it never takes effect"
      )
    }
    if database.statementTimeout > broker.heartbeat {
      problems.append(
        "TALLYMAN_STATEMENT_TIMEOUT_MS = \(milliseconds(database.statementTimeout)): must be at most "
          + "TALLYMAN_HEARTBEAT_SECONDS, which is \(broker.heartbeat.components.seconds), or the broker drops a lane "
          + "that waits for the database")
    }
    if laneSilence <= database.statementTimeout {
      problems.append(
        "TALLYMAN_LANE_SILENCE_SECONDS = \(laneSilence.components.seconds): must be more than "
          + "TALLYMAN_STATEMENT_TIMEOUT_MS, which is \(milliseconds(database.statementTimeout)), or "
          + "a lane that waits for "
          + "the database is taken for dead")
    }
    if laneSilence <= connectingTime {
      problems.append(
        "TALLYMAN_LANE_SILENCE_SECONDS = \(laneSilence.components.seconds): must be more than twice "
          + "TALLYMAN_CONNECT_TIMEOUT_SECONDS, which is \(database.connectTimeout.components.seconds), and "
          + "\(Settings.connectingSlack.components.seconds) seconds, or a lane that connects is taken for dead")
    }
    return problems
  }

  /// What a lane asks first is part of it.
  private static let connectingSlack = Duration.seconds(10)

  /// A lane connects to the database and then to the broker, and shows no sign of life meanwhile.
  private var connectingTime: Duration {
    database.connectTimeout + broker.connectTimeout + Settings.connectingSlack
  }

  private var brokerProblems: [String] {
    var problems: [String] = []
    if (broker.certificateFile == nil) != (broker.keyFile == nil) {
      problems.append("TALLYMAN_BROKER_CERT_FILE and TALLYMAN_BROKER_KEY_FILE belong together: set both or neither")
    }
    if !broker.usesTLS, broker.caFile != nil || broker.certificateFile != nil {
      problems.append(
        "TALLYMAN_BROKER_URL = \"\(broker.url)\": must begin with amqps:// when certificates are "
          + "given, or they are not used"
      )
    }
    return problems
  }

  private var workerProblems: [String] {
    guard worker.prefetch < worker.batch else { return [] }
    return [
      "TALLYMAN_PREFETCH = \(worker.prefetch): must be at least TALLYMAN_BATCH, which is "
        + "\(worker.batch), or a batch is "
        + "never full; four times as much keeps a lane busy"
    ]
  }

  private var notificationProblems: [String] {
    var problems: [String] = []
    if !notification.emailTo.isEmpty, notification.smtpURL == nil {
      problems.append("TALLYMAN_SMTP_URL is missing: TALLYMAN_EMAIL_TO needs a mail server")
    }
    if notification.emailFrom == nil, !notification.emailTo.isEmpty || notification.smtpURL != nil {
      let needy = notification.emailTo.isEmpty ? "TALLYMAN_SMTP_URL" : "TALLYMAN_EMAIL_TO"
      problems.append("TALLYMAN_EMAIL_FROM is missing: \(needy) needs a sender")
    }
    if !notification.webhooks.isEmpty, notification.webhookSecret == nil {
      problems.append("TALLYMAN_WEBHOOK_SECRET is missing: TALLYMAN_WEBHOOK_URLS needs a key to sign with")
    }
    if notification.lease <= longestAttempt {
      problems.append(
        "TALLYMAN_DELIVERY_LEASE_SECONDS = \(notification.lease.components.seconds): must be more than \(attemptText), "
          + "or a delivery is sent twice while its first attempt still runs")
    }
    if executable == .notificationWorker, laneSilence <= longestAttempt {
      problems.append(
        "TALLYMAN_LANE_SILENCE_SECONDS = \(laneSilence.components.seconds): must be more than \(attemptText), "
          + "or a receiver that does not answer makes the process look stuck")
    }
    if executable == .notificationWorker, shutdownDeadline <= longestAttempt {
      problems.append(
        "TALLYMAN_SHUTDOWN_SECONDS = \(shutdownDeadline.components.seconds): must be more than \(attemptText), "
          + "or a stop ends an attempt whose receiver may have taken it, and it is sent twice")
    }
    return problems
  }

  /// A mail's connection and its transfer have a time-out each.
  private var longestAttempt: Duration {
    notification.smtpURL == nil ? notification.timeout : notification.timeout * 2
  }

  private var attemptText: String {
    let timeout = "TALLYMAN_DELIVERY_TIMEOUT_SECONDS, which is \(notification.timeout.components.seconds)"
    return notification.smtpURL == nil ? timeout : "twice " + timeout
  }

  private func milliseconds(_ duration: Duration) -> Int64 {
    duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
  }
}
