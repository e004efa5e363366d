import Foundation
import TestServers
import Testing
import WorkerHost

extension ProcessTests {
  /// An order of 900 KB: somebody sends along what nobody asked for.
  private static func largeOrder(_ number: Int) -> Parcel {
    let lines = #"[{"sku":"SKU-\#(number % 5 + 1)","quantity":1}]"#
    let ballast = String(repeating: "x", count: 900_000)
    return Parcel(
      "order.created",
      #"{"order_id":"ord-\#(number)","customer_id":"cust-1","lines":\#(lines),"ballast":"\#(ballast)"}"#,
      id: "order-\(number)")
  }

  /// Resident memory of a process at its highest, in MB.
  private static func peak(of child: ProcessChild) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(child.pid)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (Int(line.split(whereSeparator: { !$0.isNumber }).first ?? "") ?? 0) / 1024
  }

  @Test("225 MB of large messages while the database is away: the worker holds a few of them, and applies all")
  func largeMessages() async throws {
    let postgres = try PostgresServer()
    let site = try await ProcessSite(postgres: postgres)
    let setup = try await site.startReady(.inventoryWorker, .outboxRelay)
    try await site.stock(skus: 5, each: 300)
    let limits = ["TALLYMAN_STATEMENT_TIMEOUT_MS": "1000", "TALLYMAN_LOCK_TIMEOUT_MS": "500"]
    let worker = try site.start(
      .allocationWorker, limits.merging(["TALLYMAN_LANES": "1", "TALLYMAN_CONNECT_TIMEOUT_SECONDS": "1"]) { $1 })
    try await worker.ready()
    try postgres.pause()
    for start in stride(from: 1, through: 201, by: 50) {
      try await site.publish((start..<start + 50).map(Self.largeOrder))
    }
    try await worker.says("the lane gives back what it has not begun with")
    try postgres.resume()
    try await Self.checkBooks(site, orders: 250, stock: 1_500)
    let peak = try Self.peak(of: worker)
    print("process: a worker took 225 MB of large messages and never held more than \(peak) MB")
    #expect(peak < 150, "the worker held \(peak) MB")
    try await site.until("nobody is a suspect", "select count(*) from suspects", is: 0)
    for child in setup + [worker] { child.signal(SIGTERM) }
    for child in setup + [worker] { #expect(try await child.end() == 0) }
  }
}
