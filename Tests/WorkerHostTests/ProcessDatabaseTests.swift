import Foundation
import TestServers
import Testing
import WorkerHost

extension ProcessTests {
  private static let impatient = ["TALLYMAN_STATEMENT_TIMEOUT_MS": "1000", "TALLYMAN_LOCK_TIMEOUT_MS": "500"]

  /// A file system of 64 MB in memory, which ends with the test process at the latest.
  private static func smallFileSystem() throws -> (folder: String, end: LastWill) {
    let folder = NSTemporaryDirectory() + "tallyman-full-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let end = try LastWill("umount -l \"$1\"; rmdir \"$1\"", [folder])
    try Child.run([
      "/bin/bash", "-ec",
      "mount -t tmpfs -o size=64m tallyman-test \"$1\"; mkdir \"$1/space\"; chown postgres \"$1/space\"",
      "small", folder,
    ])
    return (folder, end)
  }

  @Test(
    "a database whose disk is full: the worker waits, says why and goes on when there is room",
    .enabled(if: geteuid() == 0, "a small file system can be mounted by root only"))
  func fullDisk() async throws {
    // A server of its own: one that has lost a disk is of no use to other tests.
    let (folder, end) = try Self.smallFileSystem()
    let postgres = try PostgresServer()
    try postgres.execute("create tablespace small location '\(folder)/space'")
    let site = try await ProcessSite(postgres: postgres, tablespace: "small")
    let setup = try await site.startReady(.inventoryWorker, .outboxRelay)
    try await site.stock(skus: 5, each: 300)
    let worker = try site.start(.allocationWorker, Self.impatient)
    try await worker.ready()

    try Child.run(["/bin/bash", "-c", "cat /dev/zero >\"$1/filler\" 2>/dev/null; true", "fill", folder])
    try await site.publish(Self.orders(1...3_000))
    // Whoever connects after a vacuum of the catalogue has to write a file first; PostgreSQL gives no more reason.
    try await worker.unready("No space left on device", "could not write init file")
    #expect(try await worker.get("/health/live").status == 200)
    try Child.run(["/bin/rm", folder + "/filler"])
    let start = ContinuousClock.now
    try await worker.ready()
    let time = start.duration(to: .now)
    print("process: ready \(time) after the disk had room again")
    #expect(time < .seconds(10))
    try await Self.checkBooks(site, orders: 3_000, stock: 1_500)
    for broken in try await site.violations() { Issue.record("\(broken)") }
    for child in setup + [worker] { child.signal(SIGTERM) }
    for child in setup + [worker] { #expect(try await child.end() == 0) }
    withExtendedLifetime(end) {}
  }

  @Test("failing over: the primary dies under load, its standby is read-only until it is promoted, then all goes on")
  func failover() async throws {
    let primary = try PostgresServer()
    let proxy = try TCPProxy(to: primary.port)
    let standby = try PostgresServer(following: primary)
    let site = try await ProcessSite(postgres: primary, databasePort: proxy.port)
    let children = try await site.startReady(.inventoryWorker, .outboxRelay, .allocationWorker)
    try await site.stock(skus: 5, each: 300)
    try await site.publish(Self.orders(1...2_000))
    try await eventually("it is at work") { try await site.number("select count(*) from orders") > 100 }

    try primary.kill()
    for child in children { try await child.unready("database") }
    proxy.redirect(to: standby.port)
    for child in children { try await child.unready("the database is read-only: a standby") }
    try standby.execute("SELECT pg_promote()")
    let start = ContinuousClock.now
    for child in children { try await child.ready() }
    let time = start.duration(to: .now)
    print("process: ready \(time) after the standby was promoted")
    #expect(time < .seconds(10))
    try await Self.checkBooks(site, orders: 2_000, stock: 1_500)
    for broken in try await site.violations() { Issue.record("\(broken)") }
    for child in children { child.signal(SIGTERM) }
    for child in children { #expect(try await child.end() == 0) }
  }
}
