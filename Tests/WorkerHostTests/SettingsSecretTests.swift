import Foundation
import Observability
import Testing

@testable import WorkerHost

@Suite("Secrets in settings")
final class SettingsSecretTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "tallyman-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: folder) }

  @Test("a secret comes from its variable or from its file, without the last line break")
  func sources() throws {
    var environment = leastEnvironment
    environment["TALLYMAN_DATABASE_PASSWORD"] = "hunter2"
    environment["TALLYMAN_BROKER_PASSWORD_FILE"] = try file(Data("p w\n".utf8))
    let settings = try Settings(for: .inventoryWorker, environment: environment)
    #expect(settings.database.password?.current.reveal() == "hunter2")
    #expect(settings.broker.password?.current.reveal() == "p w")
  }

  @Test("a password's file is read for each connection; while it says nothing usable the first one is tried")
  func rotated() throws {
    let path = try file(Data("first\n".utf8))
    var environment = leastEnvironment
    environment["TALLYMAN_DATABASE_PASSWORD_FILE"] = path
    environment["TALLYMAN_BROKER_PASSWORD_FILE"] = path
    let settings = try Settings(for: .inventoryWorker, environment: environment)
    #expect(settings.database.options(name: "x").password == "first")
    try Data("second\n".utf8).write(to: URL(filePath: path))
    #expect(settings.database.options(name: "x").password == "second")
    #expect(settings.broker.options(name: "x").password == "second")
    for unusable in [Data(), Data([0xff, 0xfe]), Data("two\nlines".utf8)] {
      try unusable.write(to: URL(filePath: path))
      #expect(settings.database.options(name: "x").password == "first")
    }
    try FileManager.default.removeItem(atPath: path)
    #expect(settings.database.options(name: "x").password == "first")
  }

  @Test("a secret's file that is absent, empty, binary or huge is named, and never shown")
  func badFiles() throws {
    let cases: [(String, String)] = [
      ("/nowhere/at/all", "the file cannot be read"), (try file(Data("\n".utf8)), "the file is empty"),
      (try file(Data([0xff, 0xfe])), "the file is not UTF-8 text"),
      (try file(Data(repeating: 65, count: 65_537)), "the file is larger than a secret can be (64 KiB)"),
    ]
    for (path, why) in cases {
      #expect(
        problems(["TALLYMAN_DATABASE_PASSWORD_FILE": path])
          == ["TALLYMAN_DATABASE_PASSWORD_FILE = \"\(path)\": \(why)"])
    }
    let twoLines = try file(Data("hunter2\nhunter3".utf8))
    #expect(
      problems(["TALLYMAN_DATABASE_PASSWORD_FILE": twoLines])
        == ["TALLYMAN_DATABASE_PASSWORD = •••: must be text on one line"])
  }

  @Test("a secret given twice is refused")
  func twice() throws {
    let path = try file(Data("x".utf8))
    #expect(
      problems(["TALLYMAN_DATABASE_PASSWORD": "hunter2", "TALLYMAN_DATABASE_PASSWORD_FILE": path])
        == ["TALLYMAN_DATABASE_PASSWORD and TALLYMAN_DATABASE_PASSWORD_FILE are both set: set one of them"])
  }

  @Test("certificates are paths and must be readable; they have no _FILE of their own")
  func certificates() throws {
    let path = try file(Data("pem".utf8))
    var environment = leastEnvironment
    environment["TALLYMAN_BROKER_URL"] = "amqps://mq.example.com/supply"
    environment["TALLYMAN_BROKER_CA_FILE"] = path
    #expect(try Settings(for: .inventoryWorker, environment: environment).broker.caFile == path)
    #expect(
      problems(["TALLYMAN_BROKER_CA_FILE": "/nowhere.pem"])
        == ["TALLYMAN_BROKER_CA_FILE = \"/nowhere.pem\": must be the path of a readable file"])
    #expect(
      problems(["TALLYMAN_BROKER_CA": "/nowhere.pem"]).first?.contains("did you mean TALLYMAN_BROKER_CA_FILE?") == true)
  }

  @Test(
    "no error shows what may be a secret",
    arguments: [
      ["TALLYMAN_DATABASE_PASSWORD": "hunter2\nx"], ["TALLYMAN_DATABASE_PASWORD": "hunter2"],
      ["TALLYMAN_DATABASE_PASSWORT_FIL": "hunter2"], ["TALLYMAN_STRIPE_TOKEN": "hunter2"],
      ["TALLYMAN_BROKER_URL": "http://u:hunter2@mq.example.com"], ["TALLYMAN_BROKER_URL": "u:hunter2@mq.example.com"],
      ["TALLYMAN_DATABASE_URL": "mysql://db.example.com/?password=hunter2"],
      ["TALLYMAN_DATABASE_URL": "mysql://db.example.com/?password=a@hunter2"],
      ["TALLYMAN_DATABASE_URL": "mysql://u:hun@ter@hunter2@db.example.com/"],
      ["TALLYMAN_DATABASE_URL": "host=db password=hunter2"], ["TALLYMAN_DATABASE": "postgresql://u:hunter2@db/x"],
      ["TALLYMAN_WEBHOOK_URLS": "https://hooks.example.com/services/hunter2/hunter2,"],
      ["TALLYMAN_WEBHOOK_URLS": "https://a.example.com?key=hunter2,ftp://u:hunter2@b.example.com"],
    ])
  func notShown(_ environment: [String: String]) {
    let found = problems(environment)
    #expect(found.count == 1)
    #expect(found.first?.contains("hunter2") == false, "\(found)")
    #expect(found.first?.contains("•••") == true, "\(found)")
  }

  @Test("settings that are printed or dumped show no secret")
  func printed() throws {
    var environment = leastEnvironment
    environment["TALLYMAN_DATABASE_PASSWORD"] = "hunter2"
    environment["TALLYMAN_WEBHOOK_SECRET"] = "whsec_hunter2"
    environment["TALLYMAN_BROKER_URL"] = "amqp://inventory:hunter2@mq.example.com/supply"
    let settings = try Settings(for: .notificationWorker, environment: environment)
    var dumped = ""
    dump(settings, to: &dumped)
    for text in ["\(settings)", String(reflecting: settings), dumped] { #expect(!text.contains("hunter2")) }
    #expect(settings.broker.url.description == "amqp://inventory:•••@mq.example.com/supply")
  }

  private func file(_ content: Data) throws -> String {
    let file = folder.appending(path: UUID().uuidString)
    try content.write(to: file)
    return file.path
  }
}

@Suite("Variables that Kubernetes injects")
struct KubernetesVariableTests {
  static let injected = [
    "TALLYMAN_SERVICE_HOST": "10.0.0.1", "TALLYMAN_SERVICE_PORT": "80", "TALLYMAN_SERVICE_PORT_HTTP": "80",
    "TALLYMAN_PORT": "tcp://10.0.0.1:80", "TALLYMAN_PORT_80_TCP": "tcp://10.0.0.1:80",
    "TALLYMAN_PORT_80_TCP_PROTO": "tcp", "TALLYMAN_PORT_80_TCP_PORT": "80", "TALLYMAN_PORT_80_TCP_ADDR": "10.0.0.1",
    "TALLYMAN_INVENTORY_WORKER_SERVICE_HOST": "10.0.0.2", "TALLYMAN_HTTP_PORT": "tcp://10.0.0.3:8080",
  ]

  @Test("they are ignored and listed, also where one collides with a setting")
  func ignored() throws {
    let environment = leastEnvironment.merging(Self.injected) { _, new in new }
    let settings = try Settings(for: .inventoryWorker, environment: environment)
    #expect(settings.ignoredVariables == Self.injected.keys.sorted())
    #expect(settings.http.port == 8_080)
  }

  @Test("what only resembles them is still refused")
  func resembling() {
    #expect(problems(["TALLYMAN_HTP_PORT": "8080"]).first?.contains("did you mean TALLYMAN_HTTP_PORT?") == true)
    #expect(problems(["TALLYMAN_HTTP_PORT": "http"]).count == 1)
    #expect(problems(["TALLYMAN_PORT_X_TCP": "1"]).count == 1)
  }
}
