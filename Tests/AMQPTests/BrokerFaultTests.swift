import AMQP
import Foundation
import Lanes
import Synchronization
import TestServers
import Testing

/// What needs a broker of its own: alarms, sudden death, TLS. One node for all, one test after the other.
@Suite(.serialized) struct BrokerFaultTests {
  /// The node with a TLS listener, and its certificate's authority file.
  private static let node = Task {
    let tlsPort = Int.random(in: 20_000..<32_000)
    let configuration = """
      listeners.ssl.1 = 127.0.0.1:\(tlsPort)
      ssl_options.cacertfile = @FOLDER@/certificate.pem
      ssl_options.certfile = @FOLDER@/certificate.pem
      ssl_options.keyfile = @FOLDER@/key.pem
      ssl_options.verify = verify_none

      """
    let server = try await RabbitMQServer.start(configuration: configuration) { folder in
      try makeCertificate(in: folder)
    }
    return (server: server, tlsPort: tlsPort)
  }

  private static func makeCertificate(in folder: URL) throws {
    try Child.run([
      "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-days", "2",
      "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
      "-keyout", folder.appending(path: "key.pem").path, "-out", folder.appending(path: "certificate.pem").path,
    ])
  }

  @Test func messagesGoOverTLSToAVerifiedBroker() async throws {
    let (server, tlsPort) = try await Self.node.value
    let fixture = try await BrokerFixture(server)
    let authority = server.folder.appending(path: "certificate.pem").path
    let options = BrokerOptions(
      uri: "amqps://guest:guest@localhost:\(tlsPort)/\(fixture.vhost)", connectionName: "tls",
      tls: TLSOptions(authorityFile: authority))
    try await fixture.lane.run {
      let connection = try Connection(options)
      defer { connection.close() }
      try connection.declareQueue("q")
      let publisher = try Publisher(connection, channels: 2)
      expectInvalid { try publisher.publishTooLong(to: "q") }
      let sequences = try publisher.together {
        try (1...100).map { try publisher.publish(to: "q", "\($0)") }
      }
      #expect(try Set(publisher.allSettlements().map(\.sequence)) == Set(sequences) && sequences.contains(2))
      #expect(try Consumer(connection, queue: "q", prefetch: 200).receive(100).count == 100)
    }
  }

  @Test func aBrokerOfAnUnknownAuthorityIsATLSError() async throws {
    let (server, tlsPort) = try await Self.node.value
    let fixture = try await BrokerFixture(server)
    let options = BrokerOptions(uri: "amqps://guest:guest@localhost:\(tlsPort)/", connectionName: "tls")
    let error = try await fixture.lane.run { failure { _ = try Connection(options) } }
    guard case .tls = error else {
      Issue.record("expected tls, got \(String(describing: error))")
      return
    }
  }

  @Test func anAlarmBlocksPublishingUntilItIsOver() async throws {
    let (server, _) = try await Self.node.value
    let fixture = try await BrokerFixture(server)
    let options = fixture.options()
    let alarm = AsyncStream<Void>.makeStream()
    try await server.control("set_vm_memory_high_watermark", "0")
    async let story: Void = fixture.lane.run {
      let connection = try Connection(options)
      defer { connection.close() }
      let publisher = try Publisher(connection)
      // The broker tells a connection that it is blocked when that publishes for the first time.
      let sequence = try publisher.publish(to: "nowhere", "1", id: "1")
      _ = try eventually {
        let early = try publisher.settlements(waiting: .milliseconds(100))
        #expect(early.isEmpty)
        return connection.isBlocked ? true : nil
      }
      let refusal = failure { try publisher.publish(to: "nowhere", "2", id: "2") }
      guard case .blocked = refusal else {
        Issue.record("expected blocked, got \(String(describing: refusal))")
        return
      }
      #expect(publisher.unsettled == 1)
      alarm.continuation.finish()
      // The first message is answered once the alarm is over, and publishing works again.
      let settled = try publisher.allSettlements()
      #expect(settled == [Settlement(sequence: sequence, outcome: .returned(code: 312, text: "NO_ROUTE"))])
      _ = try eventually {
        try connection.service()
        return connection.isBlocked ? nil : true
      }
      try publisher.publish(to: "nowhere", "3", id: "3")
      #expect(try publisher.allSettlements().count == 1)
    }
    for await _ in alarm.stream {}
    try await server.control("set_vm_memory_high_watermark", "0.6")
    try await story
  }

  @Test func aWriteThatTheBrokerDoesNotReadEndsInTime() async throws {
    let (server, _) = try await Self.node.value
    let fixture = try await BrokerFixture(server)
    var options = fixture.options()
    options.tcpUserTimeout = .seconds(2)
    try await server.control("set_vm_memory_high_watermark", "0")
    let connecting = options
    let error = try await fixture.lane.run {
      let publisher = try Publisher(try Connection(connecting))
      let body = [UInt8](repeating: 0, count: 30_000_000)
      return failure {
        try publisher.publish(exchange: "", routingKey: "q", properties: Properties(), body: body)
      }
    }
    try await server.control("set_vm_memory_high_watermark", "0.6")
    guard case .connectionLost = error else {
      Issue.record("expected connectionLost, got \(String(describing: error))")
      return
    }
  }

  @Test func whatWasInFlightWhenTheBrokerDiedStaysUnsettled() async throws {
    let (server, _) = try await Self.node.value
    let fixture = try await BrokerFixture(server)
    let options = fixture.options()
    let published = Published()
    async let story: Void = fixture.lane.run {
      let connection = try Connection(options)
      try connection.declareQueue("q", arguments: ["x-queue-type": .string("quorum")])
      let publisher = try Publisher(connection)
      var answered = 0
      var sent = 0
      let error = failure {
        _ = try eventually {
          try publisher.publish(to: "q", "\(sent)", id: "\(sent)")
          sent += 1
          published.count.store(sent, ordering: .relaxed)
          if sent.isMultiple(of: 50) { answered += try publisher.settlements(waiting: .zero).count }
          return nil as Bool?
        }
      }
      guard case .connectionLost = error else {
        Issue.record("expected connectionLost, got \(String(describing: error))")
        return
      }
      answered += (try? publisher.settlements(waiting: .zero).count) ?? 0
      #expect(publisher.unsettled == sent - answered)
      #expect(publisher.unsettled > 0)
      #expect(failure { try publisher.publish(to: "q", "later") } == error)
    }
    try await TestServers.eventually("200 are published") { published.count.load(ordering: .relaxed) >= 200 }
    // Of what is published to a node that stands still something is in flight, however fast it was before.
    try server.pause()
    let before = published.count.load(ordering: .relaxed)
    try await TestServers.eventually("more are published") { published.count.load(ordering: .relaxed) > before + 1 }
    try await server.kill()
    try await story
    try await server.startAgain()
    // Everything is reachable again on the same ports.
    try await fixture.connected { connection in
      let queue = try connection.declareQueuePassively("q")
      #expect(queue.name == "q")
    }
  }
}

/// How many messages have been published so far.
private final class Published: Sendable {
  let count = Atomic<Int>(0)
}
