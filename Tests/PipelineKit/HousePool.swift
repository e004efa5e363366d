import Postgres
import Schema
import TestServers

/// The databases that tests use one after the other: making one takes a second, emptying one takes a moment.
actor HousePool {
  static let shared = HousePool()
  /// Tests start all at once; so many work at a time.
  private static let limit = 4

  private var template: String?
  private var free: [String] = []
  private var inUse = 0
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// An empty, migrated database.
  func take() async throws -> String {
    while inUse >= HousePool.limit { await withCheckedContinuation { waiting.append($0) } }
    inUse += 1
    do {
      if let name = free.popLast() { return name }
      return try await make()
    } catch {
      leave()
      throw error
    }
  }

  /// Takes a database back; one that cannot be emptied is not used again.
  func giveBack(_ name: String, spoiled: Bool) async {
    if !spoiled, (try? await empty(name)) != nil { free.append(name) }
    leave()
  }

  private func leave() {
    inUse -= 1
    if !waiting.isEmpty { waiting.removeFirst().resume() }
  }

  private func make() async throws -> String {
    let server = try PostgresServer.shared()
    if let template { return try name(of: server.makeDatabase(from: template)) }
    let conninfo = try server.makeDatabase()
    let desk = try await Desk(ConnectionOptions(conninfo: conninfo))
    try await desk.with { _ = try Migrator($0).migrate() }
    await desk.stop()
    template = name(of: conninfo)
    return try name(of: server.makeDatabase(from: template))
  }

  private func name(of conninfo: String) -> String { String(conninfo.split(separator: "/").last ?? "") }

  /// Deletes every row but those that migrations made. The ledger's triggers are out of force for this session alone.
  private func empty(_ name: String) async throws {
    let desk = try await Desk(ConnectionOptions(conninfo: PostgresServer.shared().conninfo(database: name)))
    try await desk.script(
      """
      set session_replication_role = replica;
      do $$
      declare
        name text;
      begin
        for name in select format('%I.%I', schemaname, tablename) from pg_tables
                    where schemaname = 'tallyman' and tablename not in ('schema_migrations', 'personal_data')
                      and tablename !~ '^(inbox|stock_ledger)_'
        loop
          execute 'delete from ' || name;
        end loop;
      end
      $$;
      """)
    await desk.stop()
  }
}
