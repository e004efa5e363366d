import Contracts
import Delivery
import Logging
import Metrics
import Notifications
import Observability
import ServiceLifecycle
import WorkerHost

/// From settings to routes and senders.
enum NotificationWiring {
  /// Who is told about what. Ends the process when an address or a webhook secret cannot work.
  static func routes(_ process: WorkerProcess) -> NotificationRoutes {
    let settings = process.settings.notification
    var routes = NotificationRoutes()
    do {
      for route in settings.emailTo {
        routes.add(try EmailAddress(route.target), for: route.type.flatMap(EventType.init(rawValue:)))
      }
      guard let secret = settings.webhookSecret else { return routes }
      let secrets = try secret.reveal().split(separator: " ").map { try WebhookSecret(String($0)) }
      for route in settings.webhooks {
        routes.add(
          try WebhookEndpoint(url: route.target.reveal(), secrets: secrets),
          for: route.type.flatMap(EventType.init(rawValue:)))
      }
    } catch {
      process.refuse("notification settings: \(error)")
    }
    return routes
  }

  /// The lane that sends what the pipeline committed.
  static func sender(_ process: WorkerProcess, _ routes: NotificationRoutes) -> any Service {
    let settings = process.settings.notification
    let logger = process.logger
    return process.periodic("sender") {
      let transport = TimedTransport(try transport(settings, routes))
      let report = DeliveryReport(logger)
      let sender = try DeliverySender(
        transport: transport, schedule: RetrySchedule(attempts: Int32(clamping: settings.attempts)),
        lease: settings.lease, report: { report.add($0, $1) })
      return { database, isStopping in
        let due = try sender.runOnce(limit: 20, on: database, isStopping: isStopping)
        return due == 20 ? .zero : .milliseconds(500)
      }
    }
  }

  private static func transport(
    _ settings: NotificationSettings, _ routes: NotificationRoutes
  ) throws -> ConfiguredTransport {
    let server = settings.smtpURL.map {
      MailServer(
        url: $0.reveal(), user: settings.smtpUser, password: settings.smtpPassword?.reveal(),
        encryption: MailServer.Encryption(settings.smtpEncryption), timeout: settings.timeout)
    }
    return try ConfiguredTransport(
      server: server, from: try settings.emailFrom.map { try EmailAddress($0) },
      webhooks: WebhookOptions(timeout: settings.timeout), routes: routes)
  }
}

extension MailServer.Encryption {
  /// What the setting means to whoever sends.
  init(_ setting: MailEncryption) {
    switch setting {
    case .none: self = .none
    case .whereOffered: self = .whereOffered
    case .startTLS: self = .startTLS
    }
  }
}

/// Measures how long attempts take.
struct TimedTransport: DeliveryTransport {
  private let transport: ConfiguredTransport
  private let mail = MetricName.deliverySeconds.timer(NotificationChannel.email.rawValue)
  private let webhook = MetricName.deliverySeconds.timer(NotificationChannel.webhook.rawValue)

  init(_ transport: ConfiguredTransport) { self.transport = transport }

  var longestAttempt: Duration { transport.longestAttempt }

  func deliver(_ delivery: LeasedDelivery) -> DeliveryResult {
    let began = ContinuousClock.now
    defer { (delivery.channel == .email ? mail : webhook).record(duration: ContinuousClock.now - began) }
    return transport.deliver(delivery)
  }
}

/// Turns delivery outcomes into metrics and log lines; lives on the sender's lane.
final class DeliveryReport {
  private let logger: Logger

  init(_ logger: Logger) {
    self.logger = logger
    // From the start: who looks for an increase does not see the first one of what was not there.
    for channel in NotificationChannel.allCases { _ = MetricName.deliveries.counter(channel.rawValue, "failed") }
  }

  func add(_ delivery: LeasedDelivery, _ outcome: DeliverySender.Outcome) {
    let (name, level, reason): (String, Logger.Level, String?) =
      switch outcome {
      case .sent: ("sent", .debug, nil)
      case .postponed(let reason, _): ("postponed", .info, reason)
      case .failed(let reason): ("failed", .warning, reason)
      case .givenBack: ("given_back", .debug, nil)
      case .leaseLost: ("lease_lost", .warning, nil)
      }
    MetricName.deliveries.counter(delivery.channel.rawValue, name).increment()
    var metadata: Logger.Metadata = [
      LogKey.deliveryID: .string(delivery.notificationID), LogKey.channel: .string(delivery.channel.rawValue),
      LogKey.type: .string(delivery.eventType.rawValue), LogKey.outcome: .string(name),
    ]
    if let reason { metadata[LogKey.reason] = .string(reason) }
    logger.log(level: level, "notification \(name)", metadata: metadata)
  }
}
