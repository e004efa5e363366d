import AMQP
import Foundation
import Lanes
import Messaging
import TestServers
import Testing

@testable import tallyman

private let httpsPort = Int.random(in: 20_000..<32_000)

/// One broker of their own for all of these: importing definitions takes passwords away, whoever set them. Its
/// management API also has a port for https, with a certificate that has signed itself.
private let sharedBroker = Task {
  let configuration = """
    management.ssl.ip = 127.0.0.1
    management.ssl.port = \(httpsPort)
    management.ssl.certfile = @FOLDER@/certificate.pem
    management.ssl.keyfile = @FOLDER@/key.pem

    """
  let broker = try await RabbitMQServer.start(configuration: configuration) { folder in
    try Child.run([
      "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
      "-keyout", folder.appending(path: "key.pem").path, "-out", folder.appending(path: "certificate.pem").path,
    ])
  }
  let file = Program.repository.appending(path: "topology/definitions.json")
  try await broker.management("POST", "definitions", json: String(contentsOf: file, encoding: .utf8))
  try await setPasswords(broker)
  return broker
}

private func setPasswords(_ broker: RabbitMQServer) async throws {
  for user in ["tallyman_inventory", "tallyman_relay", "shop", "subscriber"] {
    try await broker.control("change_password", user, "secret")
  }
}

@Suite("The topology on a real broker", .serialized)
struct TopologyBrokerTests {
  private func check(_ broker: RabbitMQServer, _ arguments: [String] = []) async throws -> Program.Run {
    try await Program.run(
      ["topology", "--check"] + arguments,
      environment: [
        "TALLYMAN_MANAGEMENT_URL": "http://guest@127.0.0.1:\(broker.managementPort)",
        "TALLYMAN_MANAGEMENT_PASSWORD": "guest",
      ])
  }

  @Test("a broker that imported topology/definitions.json passes the check")
  func clean() async throws {
    let run = try await check(try await sharedBroker.value)
    #expect(run.code == 0, "\(run)")
    #expect(run.output == "topology: the broker is as this build needs it\n")
  }

  @Test("what was changed on the broker is reported, and ends with 1")
  func changed() async throws {
    let broker = try await sharedBroker.value
    try await broker.management(
      "PUT", "policies/%2F/mine",
      json: #"{"pattern":"^allocation$","apply-to":"queues","priority":99,"definition":{"max-length":5}}"#)
    try await broker.management(
      "POST", "bindings/%2F/e/supply.events/q/inventory", json: #"{"routing_key":"order.#"}"#)
    try await broker.management("DELETE", "queues/%2F/notification.dead")
    try await broker.management(
      "PUT", "permissions/%2F/shop", json: #"{"configure":".*","write":".*","read":".*"}"#)
    let run = try await check(broker)
    #expect(run.code == 1)
    #expect(run.output.contains("- queue allocation: policy mine (priority 99) may apply in the place of ours\n"))
    #expect(run.output.contains("- binding supply.events → inventory (order.#) is not part of the topology\n"))
    #expect(run.output.contains("- queue notification.dead is missing\n"))
    #expect(run.output.contains(#"- permission shop: write is .*, it must be ^supply\.events$"#))
    #expect(run.output.contains("topology: 6 differences between the broker and this build"), "\(run.output)")

    // Importing adds what is missing and resets permissions; what is too much an operator takes away.
    try await broker.management("DELETE", "policies/%2F/mine")
    try await broker.management("DELETE", "bindings/%2F/e/supply.events/q/inventory/order.%23")
    let file = Program.repository.appending(path: "topology/definitions.json")
    try await broker.management("POST", "definitions", json: String(contentsOf: file, encoding: .utf8))
    for user in ["tallyman_inventory", "tallyman_relay", "shop", "subscriber"] {
      #expect(await denied { try await link(broker, user) }, "the import took \(user)'s password away")
      try await broker.control("change_password", user, "secret")
    }
    #expect(try await check(broker).code == 0)
  }

  @Test("workers that are imported one after the other, into a virtual host of their own, pass the check together")
  func oneByOne() async throws {
    let broker = try await sharedBroker.value
    let both = ["inventory", "allocation"]
    for worker in both {
      let printed = try await Program.run("topology", "--vhost", "one-by-one", "--worker", worker)
      try await broker.management("POST", "definitions", json: printed.output)
    }
    try await setPasswords(broker)
    let run = try await check(broker, ["--vhost", "one-by-one"] + both.flatMap { ["--worker", $0] })
    #expect(run.code == 0, "\(run)")
    try await broker.management("DELETE", "vhosts/one-by-one")
  }

  @Test("over https the certificate is verified, by an authority of one's own where one is given")
  func encrypted() async throws {
    let broker = try await sharedBroker.value
    let address = ["TALLYMAN_MANAGEMENT_URL": "https://guest:guest@localhost:\(httpsPort)"]
    let refused = try await Program.run("topology", "--check", environment: address)
    #expect(refused.code == 69 && refused.errors.contains("certificate"), "\(refused)")
    let authority = ["TALLYMAN_BROKER_CA_FILE": broker.folder.appending(path: "certificate.pem").path]
    let run = try await Program.run("topology", "--check", environment: address.merging(authority) { $1 })
    #expect(run.code == 0 && run.output == "topology: the broker is as this build needs it\n", "\(run)")
  }

  @Test("a user without the tag administrator, or a wrong password, is told so")
  func refusedCheck() async throws {
    let broker = try await sharedBroker.value
    let run = try await Program.run(
      "topology", "--check",
      environment: ["TALLYMAN_MANAGEMENT_URL": "http://guest:wrong@127.0.0.1:\(broker.managementPort)"])
    #expect(run.code == 69)
    #expect(run.errors.contains("refuses guest"))
  }

  // MARK: Permissions

  @Test("a shop publishes its events, and nothing else anywhere")
  func shop() async throws {
    let broker = try await sharedBroker.value
    #expect(try await publish(broker, "shop", to: "supply.events", "order.cancelled") == .confirmed)
    #expect(await denied { try await publish(broker, "shop", to: "", "inventory") })
    #expect(await denied { try await publish(broker, "shop", to: "supply.events", "goods.received") })
    #expect(await denied { try await publish(broker, "shop", to: "supply.unrouted", "x") })
    #expect(await denied { try await consume(broker, "shop", "allocation") })
  }

  @Test("a worker reads its own queues, and publishes nothing")
  func worker() async throws {
    let broker = try await sharedBroker.value
    try await consume(broker, "tallyman_inventory", "inventory")
    #expect(await denied { try await consume(broker, "tallyman_inventory", "allocation") })
    #expect(await denied { try await consume(broker, "tallyman_inventory", "allocation.dead") })
    try await consume(broker, "tallyman_inventory", "inventory.dead")
    try await consume(broker, "tallyman_inventory", "inventory.undelivered")
    #expect(await denied { try await publish(broker, "tallyman_inventory", to: "supply.events", "stock.low") })
    #expect(await denied { try await publish(broker, "tallyman_inventory", to: "", "inventory.retry.1") })
    #expect(await denied { try await declare(broker, "tallyman_inventory", "another") })
  }

  @Test("a worker may ask whether its queue exists, which it does before it consumes")
  func passiveDeclaration() async throws {
    let broker = try await sharedBroker.value
    try await link(broker, "tallyman_inventory") { _ = try $0.declareQueuePassively("inventory") }
  }

  @Test("the relay publishes events, retries and dead letters, and reads nothing")
  func relay() async throws {
    let broker = try await sharedBroker.value
    #expect(try await publish(broker, "tallyman_relay", to: "", "notification.dead") == .confirmed)
    #expect(await denied { try await consume(broker, "tallyman_relay", "inventory") })
    #expect(await denied { try await declare(broker, "tallyman_relay", "another") })
  }

  @Test("a subscriber has queues of its own name, and hears what it binds")
  func subscriber() async throws {
    let broker = try await sharedBroker.value
    try await link(broker, "subscriber") { connection in
      _ = try connection.declareQueue(
        "subscriber.test", durable: true, exclusive: false, autoDelete: false, arguments: [:])
      try connection.bind(queue: "subscriber.test", exchange: "supply.events", routingKey: "stock.recovered")
    }
    #expect(try await publish(broker, "tallyman_relay", to: "supply.events", "stock.recovered") == .confirmed)
    try await eventually("it is in subscriber.test") { try await broker.depth("subscriber.test") == 1 }
    #expect(await denied { try await declare(broker, "subscriber", "inventory.mine") })
    #expect(await denied { try await publish(broker, "subscriber", to: "supply.events", "order.created") })
    try await broker.management("DELETE", "queues/%2F/subscriber.test")
  }

  // MARK: Ways of a message

  @Test("an event without a subscriber is confirmed, and ends in unrouted")
  func unrouted() async throws {
    let broker = try await sharedBroker.value
    let before = try await broker.depth("unrouted")
    #expect(try await publish(broker, "tallyman_relay", to: "supply.events", "product.created") == .confirmed)
    try await eventually("it is in unrouted") { try await broker.depth("unrouted") == before + 1 }
  }

  @Test("a rejected message waits for its record, and without one ends in the dead-letter queue")
  func rejected() async throws {
    let broker = try await sharedBroker.value
    let before = try await broker.depth("inventory.dead")
    #expect(try await publish(broker, "tallyman_relay", to: "", "inventory") == .confirmed)
    for queue in ["inventory", "inventory.undelivered"] {
      try await link(broker, "tallyman_inventory") { connection in
        let consumer = try Consumer(connection, queue: queue, prefetch: 1)
        let taken = try consumer.take(upTo: 1, waiting: patience)
        try consumer.reject(try #require(taken.first).tag, requeue: false)
      }
    }
    try await eventually("it is in inventory.dead") { try await broker.depth("inventory.dead") == before + 1 }
  }

  @Test("a message in the first retry tier is back in its work queue after 5 seconds")
  func retried() async throws {
    let broker = try await sharedBroker.value
    let start = ContinuousClock.now
    #expect(try await publish(broker, "tallyman_relay", to: "", "notification.retry.1") == .confirmed)
    try await eventually("it is in notification") { try await broker.depth("notification") == 1 }
    #expect(ContinuousClock.now - start > .seconds(4))
    #expect(try await broker.depth("notification.retry.1") == 0)
  }
}

// MARK: What a user tries

/// Connects as a user, works and closes.
private func link(
  _ broker: RabbitMQServer, _ user: String, _ body: @escaping @Sendable (AMQP.Connection) throws -> Void = { _ in }
) async throws {
  let lane = Lane(name: "user")
  defer { lane.stop() }
  let uri = broker.uri(vhost: "/", user: user, password: "secret")
  try await lane.run {
    let connection = try AMQP.Connection(BrokerOptions(uri: uri, connectionName: "test as \(user)"))
    defer { connection.close() }
    try body(connection)
  }
}

private enum Outcome { case confirmed, other }

private func publish(
  _ broker: RabbitMQServer, _ user: String, to exchange: String, _ key: String
) async throws -> Outcome {
  let lane = Lane(name: "user")
  defer { lane.stop() }
  let uri = broker.uri(vhost: "/", user: user, password: "secret")
  return try await lane.run {
    let connection = try AMQP.Connection(BrokerOptions(uri: uri, connectionName: "test as \(user)"))
    defer { connection.close() }
    let publisher = try Publisher(connection)
    _ = try publisher.publish(
      exchange: exchange, routingKey: key, properties: Properties(messageID: "m"), body: [], mandatory: true)
    let end = ContinuousClock.now + patience
    while publisher.unsettled > 0, ContinuousClock.now < end {
      for settlement in try publisher.settlements(waiting: .seconds(1)) {
        if case .confirmed = settlement.outcome { return .confirmed }
      }
    }
    return .other
  }
}

private func consume(_ broker: RabbitMQServer, _ user: String, _ queue: String) async throws {
  try await link(broker, user) { _ = try Consumer($0, queue: queue, prefetch: 1) }
}

private func declare(_ broker: RabbitMQServer, _ user: String, _ queue: String) async throws {
  try await link(broker, user) {
    _ = try $0.declareQueue(queue, durable: true, exclusive: false, autoDelete: false, arguments: [:])
  }
}

/// Whether the broker refuses: 403 on the channel, or the login.
private func denied<Success>(_ body: () async throws -> Success) async -> Bool {
  do {
    _ = try await body()
    return false
  } catch AMQPError.channelClosed(let code, _) {
    return code == 403
  } catch AMQPError.authentication {
    return true
  } catch {
    Issue.record("refused in an unexpected way: \(error)")
    return false
  }
}

extension RabbitMQServer {
  /// Messages in a queue, as the queue itself says.
  fileprivate func depth(_ queue: String) async throws -> Int {
    let lane = Lane(name: "depth")
    defer { lane.stop() }
    let uri = uri(vhost: "/")
    return try await lane.run {
      let connection = try AMQP.Connection(BrokerOptions(uri: uri, connectionName: "depth"))
      defer { connection.close() }
      return Int(try connection.declareQueuePassively(queue).messages)
    }
  }
}
