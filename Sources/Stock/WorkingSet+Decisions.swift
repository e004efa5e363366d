import Postgres

extension WorkingSet {
  /// Queues why units were not simply reserved, if any were not.
  func sendDecisions(to writes: inout WriteSet) throws {
    guard !decisions.isEmpty else { return }
    try writes.send(
      insertDecisions,
      [
        .texts(decisions) { $0.order.value }, .int4s(decisions) { $0.line }, .texts(decisions) { $0.kind.rawValue },
        .ints(decisions) { $0.quantity }, .texts(decisions) { $0.rule.rawValue },
        .texts(decisions) { $0.policy.rawValue }, .texts(optional: decisions) { $0.sight?.locationPolicy },
        .texts(optional: decisions) { $0.sight?.candidates }, .ints(optional: decisions) { $0.sight?.promisable },
        .ints(optional: decisions) { $0.sight?.owed }, .texts(decisions) { $0.cause.reference },
        .texts(decisions) { $0.cause.consumer }, .texts(decisions) { $0.cause.source },
        .texts(decisions) { $0.cause.messageID }, .timestamp(now.microseconds),
      ])
  }
}

private let insertDecisions = Statement(
  name: "decisions_insert",
  sql: """
    insert into decisions (order_id, line_no, decision, quantity, rule, policy, location_policy, candidates, promisable,
      owed, reference, consumer, source, message_id, decided_at)
    select unnest($1::text[]), unnest($2::int4[]), unnest($3::text[]), unnest($4::int8[]), unnest($5::text[]),
           unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::int8[]), unnest($10::int8[]),
           unnest($11::text[]), unnest($12::text[]), unnest($13::text[]), unnest($14::text[]), $15
    """)
