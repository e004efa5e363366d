import Foundation
import Logging
import Notifications
import Observability
import Testing

@testable import WorkerHost

/// The least that a service needs.
let leastEnvironment = [
  "TALLYMAN_DATABASE_URL": "postgresql://tallyman_inventory@db.example.com/tallyman",
  "TALLYMAN_BROKER_URL": "amqp://inventory@mq.example.com/supply", "HOME": "/root",
]

/// The faults of an environment, empty when there are none.
func problems(_ more: [String: String], for executable: Executable = .inventoryWorker) -> [String] {
  do {
    _ = try Settings(for: executable, environment: leastEnvironment.merging(more) { _, new in new })
    return []
  } catch {
    return error.problems
  }
}

@Suite("Settings")
struct SettingsTests {
  @Test("defaults are as documented")
  func defaults() throws {
    let settings = try Settings(for: .inventoryWorker, environment: leastEnvironment)
    #expect(settings.worker.lanes == 2)
    #expect(settings.worker.batch == 750)
    #expect(settings.worker.prefetch == 3_000)
    #expect(settings.shutdownDeadline == .seconds(25))
    #expect(settings.http.host == "0.0.0.0")
    #expect(settings.http.port == 8_080)
    #expect(settings.relay.batch == 3_000)
    #expect(settings.relay.pollInterval == .milliseconds(50))
    #expect(settings.log.format == .auto)
    #expect(settings.log.level == .info)
    #expect(settings.database.password?.current == nil)
    #expect(settings.notification.emailTo.isEmpty)
  }

  @Test("a relay does not sleep for longer than the shortest heartbeat, a stop and readiness can bear")
  func relayPoll() throws {
    let relay = { problems(["TALLYMAN_RELAY_POLL_MS": $0], for: .outboxRelay) }
    #expect(relay("1000").isEmpty)
    #expect(relay("1001").count == 1 && relay("1001")[0].contains("from 1 to 1000"))
  }

  @Test("every default is itself allowed, for every setting")
  func defaultsAreLegal() {
    for setting in SettingsTable.all {
      if case .byDefault(let text) = setting.presence { #expect(setting.accepts(text), "\(setting.name)") }
    }
  }

  @Test("no two variables share a name, secrets' files included")
  func uniqueNames() {
    let names = SettingsTable.all.flatMap { [$0.name, $0.fileVariable].compactMap(\.self) }
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { $0.hasPrefix("TALLYMAN_") && $0 == $0.uppercased() })
    #expect(!names.contains { KubernetesVariable.matches($0, in: [:]) })
  }

  @Test("values reach their fields")
  func values() throws {
    var environment = leastEnvironment
    environment["TALLYMAN_LANES"] = "4"
    environment["TALLYMAN_HTTP_PORT"] = "0"
    environment["TALLYMAN_LOCK_TIMEOUT_MS"] = "250"
    environment["TALLYMAN_LOG_LEVEL"] = "debug"
    environment["TALLYMAN_BROKER_URL"] = "AMQPS://inventory:pw@mq.example.com/supply"
    let settings = try Settings(for: .inventoryWorker, environment: environment)
    #expect(settings.worker.lanes == 4)
    #expect(settings.http.port == 0)
    #expect(settings.database.lockTimeout == .milliseconds(250))
    #expect(settings.log.level == .debug)
    #expect(settings.broker.usesTLS)
    #expect(settings.broker.url.reveal() == "AMQPS://inventory:pw@mq.example.com/supply")
    #expect(settings.database.url.scheme == "postgresql")
  }

  @Test("an empty variable counts as absent")
  func empty() throws {
    #expect(problems(["TALLYMAN_LANES": "", "TALLYMAN_NO_SUCH_THING": ""]).isEmpty)
    #expect(
      problems(["TALLYMAN_DATABASE_URL": ""]).first?.hasPrefix("TALLYMAN_DATABASE_URL is missing: it must be a URL")
        == true)
  }

  @Test("a service without database and broker learns of both at once")
  func missing() {
    let error = #expect(throws: SettingsError.self) { try Settings(for: .outboxRelay, environment: [:]) }
    #expect(error?.problems.count == 2)
    #expect(error?.description.hasPrefix("2 settings are wrong:\n  TALLYMAN_DATABASE_URL is missing") == true)
  }

  @Test(
    "an invalid number is refused with its name, value and what is allowed",
    arguments: ["0", "65", "-1", "2.0", "1e1", " 2", "two", "99999999999999999999"])
  func invalidNumber(_ text: String) {
    #expect(
      problems(["TALLYMAN_LANES": text])
        == ["TALLYMAN_LANES = \"\(text)\": must be a whole number from 1 to 64"])
  }

  @Test("other kinds explain themselves too")
  func otherKinds() {
    #expect(
      problems(["TALLYMAN_LOG_FORMAT": "xml"])
        == ["TALLYMAN_LOG_FORMAT = \"xml\": must be one of auto, json, text"])
    #expect(
      problems(["TALLYMAN_HEARTBEAT_SECONDS": "1"])
        == ["TALLYMAN_HEARTBEAT_SECONDS = \"1\": must be a whole number of seconds from 2 to 600"])
    #expect(
      problems(["TALLYMAN_EMAIL_FROM": "stock"])
        == ["TALLYMAN_EMAIL_FROM = \"stock\": must be an e-mail address such as stock@example.com"])
    #expect(
      problems(["TALLYMAN_BROKER_URL": "http://mq.example.com"]).first?
        .hasPrefix(
          "TALLYMAN_BROKER_URL = \"http://mq.example.com\": must be a URL that begins with amqp:// or amqps://")
        == true)
  }

  @Test("a long value is shortened and stays on one line")
  func longValue() {
    let problem = problems(["TALLYMAN_LANES": String(repeating: "9\n", count: 5_000)])[0]
    #expect(problem.count < 250)
    #expect(!problem.contains { $0.isNewline })
  }

  @Test("an unknown variable is refused, with the nearest name")
  func unknown() {
    #expect(
      problems(["TALLYMAN_LANE": "2"])
        == ["TALLYMAN_LANE = \"2\": there is no such setting; did you mean TALLYMAN_LANES?"])
    #expect(
      problems(["TALLYMAN_FROBNICATION": "on"]) == [
        "TALLYMAN_FROBNICATION = \"on\": there is no such setting; see topology/SETTINGS.md for those that exist"
      ])
    #expect(problems(["OTHER_LANES": "many"]).isEmpty)
  }

  @Test("all faults are reported together")
  func together() {
    let found = problems(["TALLYMAN_LANES": "x", "TALLYMAN_BATCH": "y", "TALLYMAN_NONSENSE": "z"])
    #expect(found.count == 3)
  }

  @Test("another executable's setting is checked but has its default")
  func othersSettings() throws {
    #expect(problems(["TALLYMAN_RELAY_BATCH": "none"]).count == 1)
    var environment = leastEnvironment
    environment["TALLYMAN_RELAY_BATCH"] = "7"
    environment["TALLYMAN_SMTP_PASSWORD_FILE"] = "/nowhere/mounted"
    environment["TALLYMAN_EMAIL_TO"] = "a@example.com"
    let settings = try Settings(for: .inventoryWorker, environment: environment)
    #expect(settings.relay.batch == 3_000)
    #expect(try Settings(for: .outboxRelay, environment: environment).relay.batch == 7)
  }

  @Test("the command line needs nothing until a subcommand asks")
  func commandLine() throws {
    let none = try OperatorSettings(environment: [:])
    #expect(throws: SettingsError.self) { try none.database() }
    #expect(throws: SettingsError.self) { try none.management() }
    let some = try OperatorSettings(environment: leastEnvironment)
    #expect(try some.database().url.description == "postgresql://tallyman_inventory@db.example.com/tallyman")
    #expect(throws: SettingsError.self) { try OperatorSettings(environment: ["TALLYMAN_LANES": "x"]) }
  }
}

@Suite("Rules between settings")
struct SettingsRulesTests {
  @Test("whatever people are told of can be routed")
  func everyEvent() {
    #expect(NotifiedEvents.all.sorted() == NotificationRoutes.notified.map(\.rawValue).sorted())
  }

  @Test(
    "a combination that cannot work is refused, with both names",
    arguments: [
      (["TALLYMAN_PREFETCH": "100"], "TALLYMAN_PREFETCH = 100: must be at least TALLYMAN_BATCH, which is 750"),
      (["TALLYMAN_LOCK_TIMEOUT_MS": "20000"], "TALLYMAN_LOCK_TIMEOUT_MS = 20000: must be at most TALLYMAN_STATEMENT"),
      (
        ["TALLYMAN_HEARTBEAT_SECONDS": "5"], "TALLYMAN_STATEMENT_TIMEOUT_MS = 10000: must be at most TALLYMAN_HEARTBEAT"
      ),
      (
        [
          "TALLYMAN_LANE_SILENCE_SECONDS": "13", "TALLYMAN_DELIVERY_TIMEOUT_SECONDS": "5",
          "TALLYMAN_STATEMENT_TIMEOUT_MS": "13000", "TALLYMAN_CONNECT_TIMEOUT_SECONDS": "1",
        ], "TALLYMAN_LANE_SILENCE_SECONDS = 13: must be more than TALLYMAN_STATEMENT"
      ),
      (
        ["TALLYMAN_LANE_SILENCE_SECONDS": "15"],
        "TALLYMAN_LANE_SILENCE_SECONDS = 15: must be more than twice TALLYMAN_CONNECT_TIMEOUT_SECONDS, which is 10"
      ),
      (
        ["TALLYMAN_CONNECT_TIMEOUT_SECONDS": "120"],
        "TALLYMAN_LANE_SILENCE_SECONDS = 60: must be more than twice TALLYMAN_CONNECT_TIMEOUT_SECONDS, which is 120"
      ),
      (
        [
          "TALLYMAN_SHUTDOWN_SECONDS": "20", "TALLYMAN_SMTP_URL": "smtp://mail.example.com",
          "TALLYMAN_EMAIL_FROM": "a@example.com",
        ], "TALLYMAN_SHUTDOWN_SECONDS = 20: must be more than twice TALLYMAN_DELIVERY_TIMEOUT_SECONDS, which is 10"
      ),
      (
        [
          "TALLYMAN_DELIVERY_TIMEOUT_SECONDS": "60", "TALLYMAN_DELIVERY_LEASE_SECONDS": "300",
          "TALLYMAN_SHUTDOWN_SECONDS": "120",
        ],
        "TALLYMAN_LANE_SILENCE_SECONDS = 60: must be more than TALLYMAN_DELIVERY"
      ),
      (
        [
          "TALLYMAN_DELIVERY_TIMEOUT_SECONDS": "30", "TALLYMAN_SMTP_URL": "smtp://mail.example.com",
          "TALLYMAN_EMAIL_FROM": "a@example.com", "TALLYMAN_LANE_SILENCE_SECONDS": "120",
          "TALLYMAN_SHUTDOWN_SECONDS": "120",
        ], "TALLYMAN_DELIVERY_LEASE_SECONDS = 60: must be more than twice TALLYMAN_DELIVERY"
      ),
      (["TALLYMAN_SMTP_URL": "smtp://mail.example.com"], "TALLYMAN_EMAIL_FROM is missing: TALLYMAN_SMTP_URL"),
      (
        ["TALLYMAN_BROKER_CA_FILE": "/dev/null"],
        "TALLYMAN_BROKER_URL = \"amqp://inventory@mq.example.com/supply\": must"
      ),
      (["TALLYMAN_DELIVERY_LEASE_SECONDS": "10"], "TALLYMAN_DELIVERY_LEASE_SECONDS = 10: must be more than"),
      (["TALLYMAN_WEBHOOK_URLS": "https://hooks.example.com"], "TALLYMAN_WEBHOOK_SECRET is missing"),
    ] as [([String: String], String)])
  func contradiction(_ more: [String: String], _ beginning: String) {
    let found = problems(more, for: .notificationWorker)
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix(beginning) == true, "\(found)")
  }

  @Test("mails need a server and a sender; a client certificate needs its key")
  func incomplete() {
    #expect(problems(["TALLYMAN_EMAIL_TO": "a@example.com"], for: .notificationWorker).count == 2)
    #expect(
      problems([
        "TALLYMAN_BROKER_URL": "amqps://mq.example.com/supply", "TALLYMAN_BROKER_CERT_FILE": "/dev/null",
      ]) == ["TALLYMAN_BROKER_CERT_FILE and TALLYMAN_BROKER_KEY_FILE belong together: set both or neither"])
  }

  @Test("recipients may be limited to an event type")
  func routes() throws {
    var environment = leastEnvironment
    environment["TALLYMAN_SMTP_URL"] = "smtp://mail.example.com"
    environment["TALLYMAN_EMAIL_FROM"] = "tallyman@example.com"
    environment["TALLYMAN_EMAIL_TO"] = "all@example.com, stock.low=buyers@example.com"
    environment["TALLYMAN_WEBHOOK_URLS"] = "order.shipped=https://hooks.example.com/x?y=1"
    environment["TALLYMAN_WEBHOOK_SECRET"] = "whsec_c2VjcmV0"
    let settings = try Settings(for: .notificationWorker, environment: environment).notification
    #expect(settings.emailTo.map(\.target) == ["all@example.com", "buyers@example.com"])
    #expect(settings.emailTo.map { $0.takes("stock.low") } == [true, true])
    #expect(settings.emailTo.map { $0.takes("stock.out") } == [true, false])
    #expect(settings.webhooks.first?.type == "order.shipped")
    #expect(settings.webhooks.first?.target.reveal() == "https://hooks.example.com/x?y=1")
    for wrong in ["stock.lo=a@example.com", "a@example.com,", "a b@example.com"] {
      #expect(problems(["TALLYMAN_EMAIL_TO": wrong], for: .notificationWorker).count == 1, "\(wrong)")
    }
  }
}
