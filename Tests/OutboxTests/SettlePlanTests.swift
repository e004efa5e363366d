import PipelineKit
import Postgres
import Testing

@testable import Outbox

@Suite("Plans made while the outbox was empty")
struct SettlePlanTests {
  /// Where a relay connects while the table is large and its statistics call it empty. A plan that reads everything for
  /// each row needs half a minute here, the right one milliseconds: the time-out tells them apart.
  @Test("a plan made while the outbox was empty does not read the whole table for each row")
  func plan() async throws {
    try await withHouse { house in
      let fill = """
        insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, body)
        select n % 16, n, '', 'k', n::text, '', '' from generate_series(1, 40000) n
        """
      try await house.script("\(fill); delete from outbox")
      try await house.script("vacuum (truncate off, analyze) outbox")
      try await house.script(fill)
      let desk = try await house.desk()
      let deleted = try await desk.with { database in
        try database.script("set statement_timeout = '5s'")
        let rows = try database.query(.once("select shard, id from outbox order by id limit 1000"))
        return try database.query(
          OutboxStatements.settle,
          [.int2s((0..<rows.count).map { rows.int2($0, 0) }), .ints((0..<rows.count).map { rows.int($0, 1) })]
        ).affected
      }
      #expect(deleted == 1000)
    }
  }

  /// Of a table without pages the planner thinks every index as good as any other, and a relay keeps its plans.
  @Test("questions that were planned while the outbox was empty are answered by the index that is meant for them")
  func questions() async throws {
    try await withHouse { house in
      try await house.script(
        """
        insert into outbox (shard, aggregate, exchange, routing_key, message_id, content_type, body)
        select n % 16, n, '', 'k', n::text, '', '' from generate_series(1, 4000) n
        """)
      try await house.script("analyze outbox; delete from outbox")
      try await house.script("vacuum outbox")
      let plans = try await house.desk().with { database in
        try database.script("prepare apart as \(OutboxStatements.take.sql)")
        try database.script("prepare together as \(OutboxStatements.takeTogether.sql)")
        return try ["apart('{3}', '{0}', 8, '{}', 1000)", "together('{3}', 0, 8, '{}', 1000)"].map { question in
          let rows = try database.query(.once("explain execute \(question)"))
          return (0..<rows.count).map { rows.text($0, 0) }.joined(separator: "\n")
        }
      }
      #expect(plans[0].contains("outbox_pkey") && !plans[0].contains("outbox_by_id"))
      #expect(plans[1].contains("outbox_by_id") && !plans[1].contains("outbox_pkey"))
    }
  }
}
