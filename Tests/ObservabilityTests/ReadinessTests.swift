import Synchronization
import Testing

@testable import Observability

@Suite("Readiness")
struct ReadinessTests {
  let clock = TestClock()

  private func readiness(_ conditions: [Readiness.Condition]) -> Readiness {
    Readiness(
      expecting: conditions, allowedSilence: .seconds(60), time: { clock.instant },
      wallTime: { clock.microseconds })
  }

  @Test("nothing is ready before every expected condition was seen to hold")
  func unknownIsNotReady() {
    let readiness = readiness([.database, .consumer(lane: "l1")])
    #expect(!readiness.isReady)
    readiness.ok(.database)
    #expect(!readiness.isReady)
    #expect(readiness.status(of: .consumer(lane: "l1")) == .failing("not checked yet"))
    readiness.ok(.consumer(lane: "l1"))
    #expect(readiness.isReady)
    #expect(!self.readiness([]).isReady)
  }

  @Test("a condition that fails again makes it not ready, one that is withdrawn does not count")
  func failing() {
    let readiness = readiness([.database, .broker])
    readiness.ok(.database)
    readiness.ok(.broker)
    readiness.fail(.broker, because: "connection lost")
    #expect(!readiness.isReady)
    readiness.withdraw(.broker)
    #expect(readiness.isReady)
    readiness.fail(.consumer(lane: "l2"), because: "not declared")
    #expect(!readiness.isReady)
  }

  @Test("the page names each condition, its reason and since when")
  func page() {
    let readiness = readiness([.schema, .database])
    clock.advance(seconds: 10)
    readiness.ok(.schema)
    readiness.fail(.database, because: "refused \"x\"")
    let page = readiness.readyPage
    #expect(!page.isReady)
    #expect(
      page.json == #"{"ready":false,"conditions":[{"name":"database","ok":false,"reason":"refused \"x\"","#
        + #""since":"1970-01-01T00:00:00.000000Z"},{"name":"schema","ok":true,"#
        + #""since":"1970-01-01T00:00:10.000000Z"}]}"#)
  }

  @Test("a process that stops is not ready, whatever its conditions say")
  func stopping() {
    let readiness = readiness([.database])
    readiness.ok(.database)
    readiness.beginStopping()
    readiness.ok(.database)
    #expect(!readiness.isReady)
    #expect(readiness.readyPage.json.hasPrefix(#"{"ready":false,"reason":"stopping""#))
  }

  @Test("a lane that waits for an answer for too long makes it not ready, says so, and is ready with the answer")
  func answers() {
    let readiness = readiness([.database])
    readiness.ok(.database)
    readiness.expectAnswers(lane: "l1", within: .seconds(5))
    readiness.beat(lane: "l1")
    readiness.beat(lane: "another")
    clock.advance(seconds: 5)
    #expect(readiness.isReady)
    clock.advance(seconds: 2)
    #expect(!readiness.isReady)
    #expect(
      readiness.readyPage.json.contains(
        #""name":"answers/l1","ok":false,"reason":"no answer from the database or the broker for 7 s","#
          + #""since":"1970-01-01T00:00:00.000000Z""#))
    #expect(!readiness.readyPage.json.contains("another"))
    readiness.beat(lane: "l1")
    #expect(readiness.isReady)
    #expect(!readiness.readyPage.json.contains("answers"))
    clock.advance(seconds: 7)
    readiness.retire(lane: "l1")
    #expect(readiness.isReady)
  }

  @Test("a lane that is silent for too long makes live fail, and one that retired does not")
  func liveness() {
    let readiness = readiness([.database])
    #expect(readiness.isLive)
    readiness.beat(lane: "l1")
    readiness.beat(lane: "l2")
    clock.advance(seconds: 60)
    #expect(readiness.isLive)
    readiness.beat(lane: "l1")
    clock.advance(seconds: 1)
    #expect(!readiness.isLive)
    #expect(readiness.livePage.json == #"{"live":false,"silent_lanes":[{"lane":"l2","seconds":61}]}"#)
    readiness.retire(lane: "l2")
    #expect(readiness.isLive)
    #expect(readiness.livePage.json == #"{"live":true,"silent_lanes":[]}"#)
  }
}

/// A clock that moves when told to.
final class TestClock: Sendable {
  private let start = ContinuousClock.now
  private let passed = Mutex<Int64>(0)
  var instant: ContinuousClock.Instant { start + .seconds(passed.withLock { $0 }) }
  var microseconds: Int64 { passed.withLock { $0 } * 1_000_000 }
  func advance(seconds: Int64) { passed.withLock { $0 += seconds } }
}
