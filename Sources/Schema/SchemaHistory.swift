import Postgres

/// Scripts around the table of what was applied.
enum SchemaHistory {
  /// A migration that has not finished by then is given up, and the connection with it.
  static let longestMigration: Duration = .seconds(3600)

  static let creation = """
    do $$ begin
      -- "if not exists" would ask for the right to create schemas even where an operator has made this one.
      if to_regnamespace('tallyman') is null then create schema tallyman; end if;
    end $$;
    create table tallyman.schema_migrations (
      number int primary key check (number > 0),
      name text not null,
      checksum text not null check (checksum ~ '^[0-9a-f]{64}$'),
      applied_at timestamptz not null default clock_timestamp(),
      applied_by text not null default session_user
    );
    comment on table tallyman.schema_migrations is
      'what tallyman migrate applied; checksum is the SHA-256 of the migration''s text';
    """

  /// Takes the migrators' lock, whose key is "tallyman" in ASCII, and keeps it until the session ends or unlocks.
  ///
  /// Building an index may rightly take longer than any statement of a worker: only waiting for locks is bounded.
  static func lock(waitingMilliseconds milliseconds: Int64) -> String {
    """
    set statement_timeout = 0;
    set lock_timeout = '\(milliseconds)ms';
    select pg_advisory_lock(8386103194290053486);
    """
  }

  /// The first words of a migration's transaction: the bound on each lock that it waits for holds for it alone.
  static func beginning(waitingMilliseconds milliseconds: Int64) -> String {
    "set local search_path = tallyman; set local lock_timeout = '\(milliseconds)ms'"
  }

  /// Releases the lock and goes back to the time-outs that the connection was opened with.
  static let unlock = """
    select pg_advisory_unlock(8386103194290053486);
    reset statement_timeout;
    reset lock_timeout;
    """
}

extension Statement {
  static let schemaExists = Statement(
    name: "schema_exists", sql: "select to_regclass('tallyman.schema_migrations') is not null")

  static let schemaVersion = Statement(
    name: "schema_version", sql: "select coalesce(max(number), 0) from tallyman.schema_migrations")

  static let schemaHistory = Statement(
    name: "schema_history", sql: "select number, checksum from tallyman.schema_migrations order by number")

  static let checksums = Statement(
    name: "migration_checksums",
    sql: """
      select encode(sha256(convert_to(migration.sql, 'UTF8')), 'hex')
      from unnest($1::text[]) with ordinality as migration (sql, number)
      order by migration.number
      """)

  static let recordMigration = Statement(
    name: "record_migration",
    sql: "insert into tallyman.schema_migrations (number, name, checksum) values ($1::int, $2::text, $3::text)")

  static let pauseMigrating = Statement(name: "migration_pause", sql: "select pg_sleep($1::int8 / 1000.0)::text")

  /// What others are doing is not told to everybody; who they are is.
  static let lockHolders = Statement(
    name: "migration_lock_holders",
    sql: """
      select distinct format('pid %s (%s%s%s)', a.pid,
        coalesce(nullif(a.application_name, ''), a.backend_type, 'unknown'), ', ' || a.state,
        to_char(a.xact_start at time zone 'UTC', '", since "YYYY-MM-DD"T"HH24:MI:SS"Z"'))
      from pg_locks l
      join pg_stat_activity a on a.pid = l.pid
      join pg_class c on c.oid = l.relation
      where l.granted and l.pid <> pg_backend_pid() and c.relnamespace = 'tallyman'::regnamespace
        and l.database = (select oid from pg_database where datname = current_database())
        and (a.xact_start is null or a.xact_start <= clock_timestamp() - $1::int8 * interval '1 millisecond')
      order by 1
      """)
}
