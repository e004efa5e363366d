import Dispatch
import Foundation
import Logging
import Observability
import ServiceLifecycle
import TestServers
import Testing

@testable import WorkerHost

@Suite("Health and metrics over HTTP")
struct HealthServerTests {
  let readiness = Readiness(expecting: [.database], allowedSilence: .zero)
  let registry = PrometheusRegistry()

  @Test("ready is 503 with its reasons, then 200; live is 503 when a lane is silent; metrics are Prometheus text")
  func pages() async throws {
    try await serving { port in
      var answer = try await get("/health/ready", port)
      #expect(answer.status == 503)
      #expect(answer.contains("content-type: application/json"))
      #expect(answer.body.contains(#"{"name":"database","ok":false,"reason":"not checked yet""#))

      readiness.ok(.database)
      answer = try await get("/health/ready", port)
      #expect(answer.status == 200)
      #expect(answer.body.hasPrefix(#"{"ready":true,"#))

      #expect(try await get("/health/live", port).status == 200)
      readiness.beat(lane: "lane-1")
      answer = try await get("/health/live", port)
      #expect(answer.status == 503)
      #expect(answer.body.contains(#""lane":"lane-1""#))

      MetricName.outboxPublished.counter(in: registry).increment(by: 7)
      answer = try await get("/metrics", port)
      #expect(answer.status == 200)
      #expect(answer.contains("content-type: text/plain; version=0.0.4; charset=utf-8"))
      #expect(answer.body.hasSuffix("tallyman_outbox_published_total 7\n"))

      #expect(try await get("/nothing/here", port).status == 404)
    }
  }

  @Test("a port that is taken is an error, not a server that nobody reaches")
  func portTaken() async throws {
    try await serving { port in
      let second = HealthServer(
        HTTPSettings(host: "127.0.0.1", port: port), readiness: readiness, registry: registry, logger: silent)
      let error = await #expect(throws: UnboundAddress.self) { try await second.run() }
      let words = error?.description ?? ""
      #expect(words.hasPrefix("cannot listen on TALLYMAN_HTTP_HOST = 127.0.0.1, TALLYMAN_HTTP_PORT = \(port): "))
    }
  }

  // MARK: A real server and a client over a socket

  private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// Runs a server on a free port, then stops it as SIGTERM would and waits for its end.
  private func serving(_ body: (Int) async throws -> Void) async throws {
    let (ports, bound) = AsyncStream.makeStream(of: Int.self)
    let server = HealthServer(
      HTTPSettings(host: "127.0.0.1", port: 0), readiness: readiness, registry: registry, logger: silent
    ) { bound.yield($0) }
    let group = ServiceGroup(services: [server], logger: silent)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        defer { bound.finish() }
        try await group.run()
      }
      let port = try #require(await ports.first { _ in true })
      #expect(port > 0)
      try await body(port)
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  private struct Answer {
    let status: Int
    let head: String
    let body: String
    func contains(_ header: String) -> Bool { head.lowercased().contains("\r\n" + header) }
  }

  private func get(_ path: String, _ port: Int) async throws -> Answer {
    let text = try await withCheckedThrowingContinuation { continuation in
      // A thread of its own: a blocked cooperative thread could be the one that the server needs.
      Thread { continuation.resume(with: Result { try Self.exchange(path, port) }) }.start()
    }
    let parts = try #require(text.firstRange(of: "\r\n\r\n"))
    let head = String(text[..<parts.lowerBound])
    let status = try #require(Int(head.split(separator: " ")[1]))
    return Answer(status: status, head: head, body: String(text[parts.upperBound...]))
  }

  private static func exchange(_ path: String, _ port: Int) throws -> String {
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(connection) }
    var longest = timeval(tv_sec: Int(patience.components.seconds), tv_usec: 0)
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &longest, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw POSIXError(.ECONNREFUSED) }
    let request = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8)
    guard write(connection, request, request.count) == request.count else { throw POSIXError(.EPIPE) }
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let length = read(connection, &buffer, buffer.count)
      guard length >= 0 else { throw POSIXError(.ETIMEDOUT) }
      if length == 0 { return String(decoding: received, as: UTF8.self) }
      received += buffer[..<length]
    }
  }
}

@Suite("Logging set-up")
struct LoggingSetupTests {
  @Test("auto is text at a terminal and JSON lines elsewhere; a chosen form stays")
  func formats() {
    #expect(LogFormat.auto.resolved(atTerminal: true) == .text)
    #expect(LogFormat.auto.resolved(atTerminal: false) == .json)
    #expect(LogFormat.json.resolved(atTerminal: true) == .json)
    #expect(LogFormat.text.resolved(atTerminal: false) == .text)
  }

  @Test("loggers write in the form and from the level of the settings")
  func factory() {
    let output = FileOutput.standard
    let json = logHandlerFactory(LogSettings(format: .auto, level: .debug), atTerminal: false, output: output)("x")
    #expect(json is JSONLogHandler)
    #expect(json.logLevel == .debug)
    let text = logHandlerFactory(LogSettings(format: .text, level: .error), atTerminal: false, output: output)("x")
    #expect(text is TextLogHandler)
    #expect(text.logLevel == .error)
  }
}
