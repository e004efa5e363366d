import Allocation
import Contracts
import Inventory
import Messaging
import Postgres
import Synchronization
import TestServers

/// A database of one test's own, and the workers that the test lets loose on it.
///
/// Made by ``withHouse(_:)``, which checks every invariant of the domain when the test's body has ended.
public final class House: Sendable {
  /// The name of the database.
  public let name: String
  let server: PostgresServer
  private let workers = Mutex<[any Stoppable]>([])
  private let inspector: Desk
  private let spoiled = Mutex(false)
  /// The last sequence seen of each aggregate, and the outbox rows that were looked at.
  let sequences = Mutex<[String: Int64]>([:])
  let relayed = Mutex<Set<String>>([])

  private init(name: String, server: PostgresServer) async throws {
    self.name = name
    self.server = server
    inspector = try await Desk(House.options(server.conninfo(database: name), name: "inspector"))
  }

  static func open() async throws -> House {
    try await House(name: HousePool.shared.take(), server: PostgresServer.shared())
  }

  /// The worker of the catalogue, receipts and moves, on a lane and a connection of its own, with its own role.
  public func inventoryWorker() async throws -> Worker {
    try await worker(InventoryHandler(), role: "tallyman_inventory")
  }

  /// The worker of orders, cancellations and shipments, on a lane and a connection of its own, with its own role.
  public func allocationWorker() async throws -> Worker {
    try await worker(AllocationHandler(), role: "tallyman_allocation")
  }

  /// A worker with any handler.
  public func worker<Domain: Handler>(_ handler: Domain, role: String) async throws -> Worker {
    let options = House.options(
      server.conninfo(database: name, user: role), name: "\(role)/\(workers.withLock { $0.count })")
    let worker = try await Worker(handler, options: options)
    workers.withLock { $0.append(worker) }
    return worker
  }

  /// A connection with which a test meddles: holds a lock, breaks a rule, ends a backend.
  public func desk(user: String = "postgres") async throws -> Desk {
    let desk = try await Desk(
      House.options(server.conninfo(database: name, user: user), name: "desk/\(workers.withLock { $0.count })"))
    workers.withLock { $0.append(desk) }
    return desk
  }

  /// Rows of a query, columns joined by `|`, NULLs left out.
  public func rows(_ sql: String) async throws -> [String] { try await inspector.rows(sql) }

  /// The one value of a query.
  public func value(_ sql: String) async throws -> String { try await inspector.rows(sql).first ?? "" }

  /// Runs blocking code with a connection of the house's own.
  public func inspect<Success: Sendable>(
    _ body: @escaping @Sendable (Connection) throws -> Success
  ) async throws -> Success { try await inspector.with(body) }

  /// Runs statements as superuser. After one that changes the schema, no other test gets this database.
  public func script(_ sql: String) async throws {
    let words = Set(sql.lowercased().split { !$0.isLetter })
    if !words.isDisjoint(with: ["alter", "create", "drop", "grant", "revoke"]) { spoiled.withLock { $0 = true } }
    try await inspector.script(sql)
  }

  func close() async {
    for worker in workers.withLock({ $0 }) { await worker.stop() }
    await inspector.stop()
    await HousePool.shared.giveBack(name, spoiled: spoiled.withLock { $0 })
  }

  /// As a worker connects by default.
  public static func options(_ conninfo: String, name: String) -> ConnectionOptions {
    var options = ConnectionOptions(conninfo: conninfo, applicationName: name)
    options.statementTimeout = .seconds(60)
    options.lockTimeout = .seconds(60)
    options.idleInTransactionTimeout = .seconds(60)
    options.settings = [
      "search_path": "tallyman", "plan_cache_mode": "force_generic_plan", "enable_seqscan": "off",
      "enable_bitmapscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off",
    ]
    return options
  }
}

/// Gives a test a database of its own, and afterwards checks every invariant of the domain in it.
///
/// - Throws: What the body threw, or ``BrokenInvariants``.
public func withHouse(_ body: (House) async throws -> Void) async throws {
  let house = try await House.open()
  do {
    try await body(house)
    try await house.checkInvariants()
  } catch {
    await house.close()
    throw error
  }
  await house.close()
}

protocol Stoppable: Sendable {
  func stop() async
}
