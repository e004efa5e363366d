import AMQP
import Foundation
import TestServers
import Testing
import WorkerHost

extension ProcessTests {
  @Test("without its queue a worker refuses to start, ends with 78 and says what to do")
  func missingQueue() async throws {
    let site = try await ProcessSite(hasQueues: false)
    let child = try site.start(.inventoryWorker)
    #expect(try await child.end() == 78)
    #expect(child.output.contains("the broker has no queue inventory"))
    #expect(child.output.contains("tallyman topology"))
    #expect(child.output.contains("import_definitions"))
  }

  @Test("unknown and invalid settings stop the start, all named at once; a contradiction too")
  func wrongSettings() async throws {
    for executable in [Executable.inventoryWorker, .allocationWorker, .notificationWorker, .outboxRelay] {
      let child = try ProcessChild(
        executable,
        [
          "TALLYMAN_DATABASE_URL": "postgresql://db.example.com/tallyman", "TALLYMAN_LANE": "3",
          "TALLYMAN_BATCH": "many", "TALLYMAN_HTTP_PORT": "70000",
        ])
      #expect(try await child.end() == 78)
      for part in [
        "TALLYMAN_LANE = \"3\"", "did you mean TALLYMAN_LANES?", "TALLYMAN_BATCH = \"many\"", "TALLYMAN_HTTP_PORT",
        "TALLYMAN_BROKER_URL is missing",
      ] {
        #expect(child.output.contains(part), "\(child.output)")
      }
    }
    let site = [
      "TALLYMAN_DATABASE_URL": "postgresql://db.example.com/t", "TALLYMAN_BROKER_URL": "amqp://mq.example.com",
    ]
    let child = try ProcessChild(
      .allocationWorker, site.merging(["TALLYMAN_BATCH": "500", "TALLYMAN_PREFETCH": "100"]) { $1 })
    #expect(try await child.end() == 78)
    #expect(child.output.contains("TALLYMAN_PREFETCH = 100"))
  }

  @Test("a database on another host without an sslmode is warned of at the start, by workers and relay")
  func unprotectedDatabase() async throws {
    let site = try await ProcessSite()
    for executable in [Executable.inventoryWorker, .outboxRelay] {
      let url = try #require(site.environment(executable)["TALLYMAN_DATABASE_URL"])
      // To the kernel this machine; to us any other.
      let other = url.replacing("127.0.0.1", with: "0.0.0.0")
      let silent = try site.start(executable, ["TALLYMAN_DATABASE_URL": other + "?sslmode=prefer"])
      let warned = try site.start(executable, ["TALLYMAN_DATABASE_URL": other])
      for child in [silent, warned] {
        try await child.ready()
        child.signal(SIGTERM)
        #expect(try await child.end() == 0)
      }
      #expect(warned.output.contains("TALLYMAN_DATABASE_URL has no sslmode: the connection to 0.0.0.0 falls back"))
      #expect(!silent.output.contains("sslmode"))
    }
  }

  @Test("--help and --version answer without any setting")
  func helpAndVersion() async throws {
    for executable in [Executable.inventoryWorker, .allocationWorker, .notificationWorker, .outboxRelay] {
      let help = try ProcessChild(executable, [:], arguments: ["--help"])
      #expect(try await help.end() == 0)
      #expect(help.output.contains("TALLYMAN_DATABASE_URL"))
      let version = try ProcessChild(executable, [:], arguments: ["--version"])
      #expect(try await version.end() == 0)
      #expect(version.output == "\(executable.rawValue) \(Product.version)\n")
      let other = try ProcessChild(executable, [:], arguments: ["--verbose"])
      #expect(try await other.end() == 78)
    }
  }

  @Test("no password is ever written, whether everything works or nothing does")
  func secrets() async throws {
    let site = try await ProcessSite()
    let secrets = ["db-5ecret-A", "mq-5ecret-B", "db-5ecret-C", "mq-5ecret-D"]
    try await site.broker.management("PUT", "users/tallyman-test", json: #"{"password":"mq-5ecret-B","tags":""}"#)
    try await site.broker.management(
      "PUT", "permissions/\(site.vhost)/tallyman-test", json: #"{"configure":".*","write":".*","read":".*"}"#)
    let database = "127.0.0.1:\(site.postgres.port)/\(site.database)"
    let broker = "127.0.0.1:\(site.broker.port)/\(site.vhost)"
    let good = try site.start(
      .allocationWorker,
      [
        "TALLYMAN_DATABASE_URL": "postgresql://tallyman_allocation:\(secrets[0])@\(database)",
        "TALLYMAN_BROKER_URL": "amqp://tallyman-test:\(secrets[1])@\(broker)", "TALLYMAN_LOG_LEVEL": "trace",
      ])
    try await good.ready()
    try await site.publish([.order("ord-1", "SKU-1", 1), Parcel("order.created", id: "x", body: [1, 2, 3])])
    try await site.until("both are settled", "select count(*) from dead_letters", is: 1)

    // Refused by the broker, and by the database.
    let refused = try site.start(
      .allocationWorker,
      [
        "TALLYMAN_DATABASE_URL": "postgresql://tallyman_allocation@\(database)",
        "TALLYMAN_BROKER_URL": "amqp://tallyman-test@\(broker)", "TALLYMAN_BROKER_PASSWORD": secrets[3],
        "TALLYMAN_DATABASE_PASSWORD": secrets[2], "TALLYMAN_LOG_LEVEL": "trace",
      ])
    try await refused.says("the lane connects again")
    let unknown = try site.start(
      .outboxRelay, ["TALLYMAN_DATABASE_URL": "postgresql://nobody:\(secrets[0])@\(database)"])
    try await unknown.says("the relay connects again")
    let misspelt = try site.start(.outboxRelay, ["TALLYMAN_DATABASE_PASWORD": secrets[2]])
    #expect(try await misspelt.end() == 78)

    for child in [good, refused, unknown] {
      let ready = try await child.get("/health/ready").text
      let metrics = try await child.get("/metrics").text
      child.signal(SIGTERM)
      #expect(try await child.end() == 0)
      for secret in secrets {
        #expect(!child.output.contains(secret))
        #expect(!ready.contains(secret) && !metrics.contains(secret))
      }
    }
    for secret in secrets { #expect(!misspelt.output.contains(secret)) }
    try await site.broker.management("DELETE", "users/tallyman-test")
  }

  @Test("a password that is changed, on the broker and in its file, needs no restart")
  func rotation() async throws {
    let site = try await ProcessSite()
    let user = "tallyman-rotated-\(site.vhost.suffix(8))"
    func change(to password: String) async throws {
      try await site.broker.management("PUT", "users/\(user)", json: #"{"password":"\#(password)","tags":""}"#)
    }
    try await change(to: "first")
    try await site.broker.management(
      "PUT", "permissions/\(site.vhost)/\(user)", json: #"{"configure":".*","write":".*","read":".*"}"#)
    let file = FileManager.default.temporaryDirectory.appending(path: "tallyman-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("first\n".utf8).write(to: file)
    let child = try site.start(
      .allocationWorker,
      [
        "TALLYMAN_BROKER_URL": "amqp://\(user)@127.0.0.1:\(site.broker.port)/\(site.vhost)",
        "TALLYMAN_BROKER_PASSWORD_FILE": file.path,
      ])
    try await child.ready()
    try await change(to: "second")
    try await site.broker.control("close_all_user_connections", user, "rotated")
    try await child.unready("refused the login")
    try Data("second\n".utf8).write(to: file)
    try await child.ready()
    child.signal(SIGTERM)
    #expect(try await child.end() == 0)
    try await site.broker.management("DELETE", "users/\(user)")
  }

  @Test("a worker that is started before the migration is not ready, says why, and works as soon as it is done")
  func schemaTooOld() async throws {
    let site = try await ProcessSite(isMigrated: false)
    // The database's roles come with the migration; so that the worker can log in before, it is somebody else here.
    let url = site.postgres.conninfo(database: site.database)
    let child = try site.start(.inventoryWorker, ["TALLYMAN_DATABASE_URL": url])
    let relay = try site.start(.outboxRelay, ["TALLYMAN_DATABASE_URL": url])
    try await child.unready("tallyman migrate")
    try await relay.unready("tallyman migrate")
    #expect(try await child.get("/health/live").status == 200)
    #expect(try await child.get("/metrics").text.contains(#"tallyman_lane_paused{lane="lane-1"} 1"#))
    try await site.publish(.location("WH-1"))
    try await site.migrate()
    try await child.ready()
    #expect(try await child.get("/metrics").text.contains(#"tallyman_lane_paused{lane="lane-1"} 0"#))
    try await relay.ready()
    try await site.until("the message is applied", "select count(*) from locations", is: 1)
    for child in [child, relay] { child.signal(SIGTERM) }
    for child in [child, relay] { #expect(try await child.end() == 0) }
  }
}
