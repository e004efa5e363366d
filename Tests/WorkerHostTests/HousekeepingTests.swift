import Logging
import Observability
import Synchronization
import TestServers
import Testing

@testable import WorkerHost

@Suite struct HousekeepingTests {
  @Test("days are dropped one by one, and a stop is seen between two of them")
  func stopsBetweenDays() async throws {
    let site = try await ProcessSite(hasQueues: false)
    let days = """
      select count(*) from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'inbox'::regclass and c.relname ~ '^inbox_[0-9]{8}$'
      """
    try await site.script(OldInboxDays.sql(upTo: 40))
    let before = try await site.number(days)
    let housekeeping = Housekeeping(
      keepDays: 31, readiness: Readiness(expecting: [], allowedSilence: .seconds(60)),
      logger: Logger(label: "housekeeping"))
    let wait = try await site.withDesk { database in
      let asked = Mutex(0)
      return try housekeeping.turn(on: database) {
        asked.withLock {
          $0 += 1
          return $0 > 3
        }
      }
    }
    #expect(wait == .seconds(60), "the rest is dropped soon")
    #expect(try await site.number(days) == before - 3)
  }
}
