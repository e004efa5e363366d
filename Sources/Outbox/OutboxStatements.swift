import Postgres

/// The SQL of the outbox.
public enum OutboxStatements {
  /// The channel on which a relay is told that rows wait.
  public static let channel = "tallyman_outbox"

  static let insert = BulkInsert(
    "outbox_insert", into: "outbox",
    [
      .each("shard", "int2"), .each("aggregate", "int8"), .alike("exchange", "text"), .each("routing_key", "text"),
      .each("message_id", "text"), .alike("content_type", "text"), .alike("headers", "text"),
      .alike("messages", "int2"), .each("body", "bytea"),
    ])

  static let notify = Statement(name: "outbox_notify", sql: "select pg_notify('tallyman_outbox', '')")

  /// What ``WaitingMessage/all(_:_:)`` reads, in its order.
  private static let columns =
    "r.shard, r.id, r.aggregate, r.exchange, r.routing_key, r.message_id, r.content_type, r.headers, r.body, r.messages"

  /// How many bytes come before each row that was found: a body counts as it will be sent, and none is read for it.
  private static let measured = """
    select r.*, sum(octet_length(r.body)) over (order by r.id rows unbounded preceding) - octet_length(r.body) as before
    """

  /// The oldest rows of each shard beyond that shard's floor, but for those that are in hand; so many bytes of all.
  /// NOT IN a subquery, because that is a hash table; `<> all (array)` compares each row with each id.
  static let take = Statement(
    name: "outbox_take",
    sql: """
      select \(columns) from (
        \(measured)
        from (select unnest($1::int2[]) as shard, unnest($2::int8[]) as floor) as mine
        cross join lateral (
          select * from outbox o where o.shard = mine.shard and o.id > mine.floor
            and o.id not in (select unnest($4::int8[]))
          order by o.id limit $3
        ) as r
      ) as r
      where r.before < $5
      order by r.id
      """)

  /// The oldest rows beyond one floor, of these shards, by the index of the expression `id + 0`; the other index is
  /// not to serve, of which sixteen places would be looked up.
  private static let beyond = """
    from outbox r
    where r.shard + 0 = any ($1::int2[]) and r.id + 0 > $2 and r.id not in (select unnest($4::int8[]))
    order by r.id + 0 limit $3
    """

  /// Takes what ``take`` does, with one floor for all.
  static let takeTogether = Statement(
    name: "outbox_take_together",
    sql: """
      select \(columns) from (
        \(measured)
        from (select * \(beyond)) as r
      ) as r
      where r.before < $5
      order by r.id
      """)

  /// The same of so few rows that their bytes need not be counted: what a relay asks for that has read all there was.
  static let takeFew = Statement(name: "outbox_take_few", sql: "select \(columns) \(beyond)")

  /// The last id that was drawn, read under the page's lock: a SELECT from the sequence may see one that is yet to be
  /// drawn, while the server logs a few in advance. And then, no sooner, which transactions have written to the outbox
  /// and are open. A transaction's lock is there before its first id is drawn, and gone after what it has written is
  /// seen.
  static let look = [
    Statement(
      name: "outbox_drawn", sql: "select coalesce(pg_sequence_last_value('outbox_id_seq'::regclass), 0)"),
    Statement(
      name: "outbox_writers",
      sql: """
        select l.virtualtransaction from pg_locks l
        where l.locktype = 'relation' and l.relation = 'outbox'::regclass and l.mode = 'RowExclusiveLock'
          and l.database = (select oid from pg_database where datname = current_database())
          and l.pid is distinct from pg_backend_pid()
        """),
  ]

  /// By ctid, found one row at a time in the index. A join would be planned by the table's statistics, and a cached
  /// plan made while the table was empty scans all of it for each row: 1,000 of 20,000 rows took 18 s.
  static let settle = Statement(
    name: "outbox_settle",
    sql: """
      delete from outbox where ctid = any (array(
        select found.ctid
        from (select unnest($1::int2[]) as shard, unnest($2::int8[]) as id) as done
        cross join lateral (
          select o.ctid from outbox o where o.shard = done.shard and o.id = done.id limit 1
        ) as found))
      """)

  /// What is left of a packet, under its own id.
  static let shrink = Statement(
    name: "outbox_shrink",
    sql: """
      update outbox set aggregate = $3, exchange = $4, routing_key = $5, message_id = $6, messages = $7, body = $8
      where shard = $1 and id = $2
      """)

  /// Makes this session known as a relay, and how many there are.
  static let join = Statement(name: "outbox_join", sql: "select pg_advisory_lock(7046030, pg_backend_pid())")
  static let relays = Statement(
    name: "outbox_relays",
    sql: """
      select count(*)::int8 from pg_locks l
      where l.locktype = 'advisory' and l.classid = 7046030 and l.granted
        and l.database = (select oid from pg_database where datname = current_database())
      """)

  static let own = Statement(name: "outbox_own", sql: "select pg_try_advisory_lock(7046029, $1::int4)")
  static let disown = Statement(name: "outbox_disown", sql: "select pg_advisory_unlock(7046029, $1::int4)")

  /// The oldest of all is the first of its shard, however many wait in the shards before it.
  static let backlog = Statement(
    name: "outbox_backlog",
    sql: """
      select (select coalesce(sum(messages), 0)
              from (select messages from outbox order by shard, id limit 100000) as waiting)::int8,
             coalesce(extract(epoch from clock_timestamp() - (
               select min(first.created_at)
               from generate_series(0, \(Shard.count - 1)) as every (shard)
               cross join lateral (
                 select created_at from outbox o where o.shard = every.shard order by o.id limit 1
               ) as first)) * 1000, 0)::int8
      """)

  /// Whose snapshot or transaction id is the oldest in this database: rows deleted since cannot be removed. Every role
  /// may see these columns of all sessions, though not when their transactions began.
  static let oldestTransaction = Statement(
    name: "outbox_oldest_transaction",
    sql: """
      select coalesce((select n_dead_tup from pg_stat_user_tables where relid = 'outbox'::regclass), 0)::int8,
             a.pid::int8, coalesce(a.usename, '')::text, coalesce(a.application_name, '')::text,
             coalesce(a.backend_xmin::text, '') || '/' || coalesce(a.backend_xid::text, '')
      from (select 1) as one left join lateral (
        select * from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
          and (backend_xmin is not null or backend_xid is not null)
        order by greatest(age(backend_xmin), age(backend_xid)) desc limit 1
      ) as a on true
      """)
}
