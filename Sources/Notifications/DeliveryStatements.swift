import Postgres

/// The SQL of `notification_deliveries`.
enum DeliveryStatements {
  /// A redelivered event, or one that two lanes hold, adds nothing.
  static let insert = Statement(
    name: "notification_insert",
    sql: """
      insert into notification_deliveries
        (notification_id, event_id, event_source, event_type, channel, recipient, subject, body, correlation_id,
         causation_traceparent, created_at, next_attempt_at)
      select unnest($1::text[])::uuid, unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]),
             unnest($6::text[]), unnest($7::text[]), unnest($8::bytea[]), unnest($9::text[]), unnest($10::text[]),
             $11, $11
      on conflict do nothing
      """)

  /// Takes due rows for a while. One statement and its own transaction: nothing is locked when it returns. The due time
  /// moves to the lease's end, so that a sender that dies gives its rows back without anybody's help. Of types that the
  /// sender knows: what a newer worker has added is left to a newer sender.
  static let lease = Statement(
    name: "notification_lease",
    sql: """
      with due as materialized (
        select notification_id from notification_deliveries
        where state = 'waiting' and next_attempt_at <= (select clock_timestamp())
          and (leased_until is null or leased_until <= clock_timestamp())
          and (channel, recipient) not in (select unnest($4::text[]), unnest($5::text[]))
          and event_type = any($6::text[])
        order by next_attempt_at limit $1
        for update skip locked
      )
      update notification_deliveries d
      set lease_token = $2::text::uuid,
          leased_until = clock_timestamp() + $3 * interval '1 microsecond',
          next_attempt_at = clock_timestamp() + $3 * interval '1 microsecond'
      from due
      where d.notification_id = due.notification_id
      returning d.notification_id::text, d.event_id, d.event_type, d.channel, d.recipient, d.subject, d.body,
                d.correlation_id, d.causation_traceparent, d.attempts, d.created_at, d.round
      """)

  /// Counts an attempt before it is made, if the lease is still ours: one of which the sender dies must count, and one
  /// that was only leased must not.
  static let begin = Statement(
    name: "notification_begin",
    sql: """
      update notification_deliveries set attempts = attempts + 1
      where notification_id = $1::text::uuid and lease_token = $2::text::uuid and state = 'waiting'
      returning attempts
      """)

  /// Ends a delivery, if the lease is still ours.
  static let settle = Statement(
    name: "notification_settle",
    sql: WriteSet.guarded(
      """
      update notification_deliveries
      set state = $3, last_error = $4, settled_at = clock_timestamp(), lease_token = null, leased_until = null
      where notification_id = $1::text::uuid and lease_token = $2::text::uuid and state = 'waiting'
      """, by: 5))

  /// Plans the next attempt, if the lease is still ours.
  static let postpone = Statement(
    name: "notification_postpone",
    sql: """
      update notification_deliveries
      set next_attempt_at = clock_timestamp() + $3 * interval '1 microsecond', last_error = $4, lease_token = null,
          leased_until = null
      where notification_id = $1::text::uuid and lease_token = $2::text::uuid and state = 'waiting'
      """)

  /// Gives rows back that were not tried.
  static let giveBack = Statement(
    name: "notification_give_back",
    sql: """
      update notification_deliveries
      set next_attempt_at = clock_timestamp() + $3 * interval '1 microsecond',
          lease_token = null, leased_until = null
      where notification_id = any($1::text[]::uuid[]) and lease_token = $2::text::uuid and state = 'waiting'
      """)
}
