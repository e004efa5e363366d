import Postgres

/// What a rehearsal's transaction does to each table, counted by the database itself. Its counts are the session's:
/// those of what was rolled back shortly before are among them until they are handed on, which no transaction sees.
final class RehearsalCounts {
  private let database: Connection
  private var before: [String: Rehearsal.TableCount] = [:]

  init(on database: Connection) { self.database = database }

  /// To be called when a transaction has begun: what was counted so far is none of it.
  func begin() throws { before = try read() }

  /// What it has done since, without the tables that it did nothing to.
  func sinceBegin() throws -> [Rehearsal.TableCount] {
    try read().values.map { now in
      let then = before[now.table]
      return Rehearsal.TableCount(
        table: now.table, inserted: now.inserted - (then?.inserted ?? 0), updated: now.updated - (then?.updated ?? 0),
        deleted: now.deleted - (then?.deleted ?? 0))
    }.filter { $0.inserted + $0.updated + $0.deleted > 0 }.sorted { $0.table < $1.table }
  }

  private func read() throws -> [String: Rehearsal.TableCount] {
    let rows = try database.query(
      .once(
        """
        select coalesce(parent.relname, s.relname)::text,
               sum(n_tup_ins)::int8, sum(n_tup_upd)::int8, sum(n_tup_del)::int8
        from pg_stat_xact_user_tables s
        left join pg_inherits i on i.inhrelid = s.relid left join pg_class parent on parent.oid = i.inhparent
        where s.schemaname = 'tallyman' and n_tup_ins + n_tup_upd + n_tup_del > 0
        group by 1
        """))
    let counts = (0..<rows.count).map { row in
      Rehearsal.TableCount(
        table: rows.text(row, 0), inserted: rows.int(row, 1), updated: rows.int(row, 2), deleted: rows.int(row, 3))
    }
    return Dictionary(uniqueKeysWithValues: counts.map { ($0.table, $0) })
  }
}
