import PipelineKit
import Postgres
import Testing

@testable import Outbox

@Suite("Deleting what is confirmed")
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
        let rows = try database.query(.once("select id from outbox order by id limit 1000"))
        return try database.query(OutboxStatements.settle, [.ints((0..<rows.count).map { rows.int($0, 0) })]).affected
      }
      #expect(deleted == 1000)
    }
  }
}
