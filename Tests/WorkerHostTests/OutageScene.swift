import AMQP
import Foundation
import Synchronization
import TestServers
import Testing
import WorkerHost

/// Workers behind proxies, with orders streaming in all the time, and servers that a test may harm.
final class OutageScene: Sendable {
  let postgres: PostgresServer
  let broker: RabbitMQServer
  let databaseProxy: TCPProxy
  let brokerProxy: TCPProxy
  let site: ProcessSite
  let inventory: ProcessChild
  let allocation: [ProcessChild]
  let relay: ProcessChild
  private let published = Mutex(0)
  private let recoveries = Mutex<[(cause: String, time: Duration)]>([])

  var children: [ProcessChild] { [inventory, relay] + allocation }
  var orders: Int { published.withLock { $0 } }

  init() async throws {
    async let starting = RabbitMQServer.start()
    postgres = try PostgresServer()
    broker = try await starting
    databaseProxy = try TCPProxy(to: postgres.port)
    brokerProxy = try TCPProxy(to: broker.port)
    site = try await ProcessSite(postgres: postgres, broker: broker)
    let start = Starting(site: site, databasePort: databaseProxy.port, brokerPort: brokerProxy.port)
    inventory = try start.worker(.inventoryWorker)
    allocation = [try start.worker(.allocationWorker), try start.worker(.allocationWorker)]
    relay = try start.process(.outboxRelay)
    for child in children { try await child.ready() }
    try await site.stock(skus: 5, each: 300)
  }

  /// Starts executables behind the proxies, with short limits.
  private struct Starting {
    let site: ProcessSite
    let databasePort: Int
    let brokerPort: Int

    func worker(_ executable: Executable) throws -> ProcessChild {
      try process(executable, ["TALLYMAN_BATCH": "100", "TALLYMAN_PREFETCH": "400"])
    }

    func process(_ executable: Executable, _ more: [String: String] = [:]) throws -> ProcessChild {
      var environment = site.environment(executable).merging(more) { $1 }
      for (real, proxy) in [(site.postgres.port, databasePort), (site.broker.port, brokerPort)] {
        environment = environment.mapValues { $0.replacing(":\(real)/", with: ":\(proxy)/") }
      }
      environment["TALLYMAN_STATEMENT_TIMEOUT_MS"] = "1000"
      environment["TALLYMAN_LOCK_TIMEOUT_MS"] = "500"
      environment["TALLYMAN_CONNECT_TIMEOUT_SECONDS"] = "1"
      environment["TALLYMAN_HEARTBEAT_SECONDS"] = "2"
      return try ProcessChild(executable, environment)
    }
  }

  /// Publishes a few hundred orders a second until it is told to stop.
  func load() -> Task<Void, any Error> {
    Task {
      while !Task.isCancelled {
        try await publish(20)
        try? await ContinuousClock().sleep(for: .milliseconds(50))
      }
    }
  }

  /// Publishes the next orders.
  func publish(_ count: Int) async throws {
    let first = orders + 1
    try await site.publish(ProcessTests.orders(first...first + count - 1))
    published.withLock { $0 += count }
  }

  // MARK: One cause

  /// Lets something happen, waits until everybody concerned says so, ends it, and sees how long it takes until all are
  /// ready and orders are taken in again.
  ///
  /// - Parameters:
  ///   - cause: What it is called.
  ///   - concerned: Who must become unready.
  ///   - reason: What their page then says.
  ///   - begin: Makes it happen.
  ///   - end: Ends it.
  func survive(
    _ cause: String, _ concerned: [ProcessChild], because reason: String, begin: () async throws -> Void,
    end: () async throws -> Void
  ) async throws {
    try await progress("before \(cause)")
    try await begin()
    for child in concerned { try await child.unready(reason) }
    for child in children { #expect(try await child.get("/health/live").status == 200, "\(cause)") }
    try await end()
    let start = ContinuousClock.now
    for child in children { try await child.ready() }
    let time = start.duration(to: .now)
    #expect(time < .seconds(10), "\(cause): ready again only after \(time)")
    note(cause, time)
    try await progress("after \(cause)")
    for child in children { #expect(!child.hasEnded, "\(cause)") }
  }

  /// Orders are taken in.
  func progress(_ when: String) async throws {
    let start = try await site.number("select count(*) from orders")
    try await eventually("orders are taken in \(when)") {
      try await site.number("select count(*) from orders") >= start + 40
    }
  }

  /// Remembers how long something took.
  func note(_ cause: String, _ time: Duration) { recoveries.withLock { $0.append((cause, time)) } }

  /// How long each took, in the order of events.
  var report: String {
    recoveries.withLock { $0 }.map { "\($0.cause) \($0.time / .milliseconds(1) / 1000) s" }.joined(separator: ", ")
  }

  /// Resident memory of the allocation-workers together, in MB.
  func memory() throws -> Int {
    try allocation.reduce(0) { sum, child in
      let status = try String(contentsOfFile: "/proc/\(child.pid)/status", encoding: .utf8)
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
      return sum + (Int(line.split(whereSeparator: { !$0.isNumber }).first ?? "") ?? 0) / 1024
    }
  }
}
