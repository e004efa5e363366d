import AMQP
import TestServers
import Testing

@testable import Outbox
@testable import OutboxRelay

@Suite("Messages that are not answered for")
struct SilenceTests {
  private static func message(_ id: Int64) -> WaitingMessage { WaitingMessage(shard: 1, id: id, aggregate: id) }

  @Test("what is under way for longer than an answer may take is overdue, unless the broker blocked meanwhile")
  func overdue() {
    var silence = Silence(limit: .seconds(8))
    let start = ContinuousClock.now
    let (old, new) = (Self.message(1), Self.message(2))
    let both: [UInt64: WaitingMessage] = [1: old, 2: new]
    let first = silence.overdue([1: old], at: start) + silence.overdue(both, at: start + .seconds(7))
    #expect(first.isEmpty)
    // All that these tests make go to one address.
    let found = silence.overdue(both, at: start + .seconds(8))
    #expect(found.map(\.sequence).sorted() == [1, 2])
    silence.restart()
    let afterwards = silence.overdue([2: new], at: start + .seconds(16))
    #expect(afterwards.isEmpty)
    let late = silence.overdue([2: new], at: start + .seconds(24))
    #expect(late.map(\.sequence) == [2])
  }

  /// A silence, changed outside of expectations.
  private final class Mute {
    var silence = Silence(limit: .seconds(1))

    func mayTry(_ id: Int64, _ now: ContinuousClock.Instant) -> Bool { silence.mayTry(message(id), at: now) }
    func takeConfirmed(_ id: Int64) -> Bool { silence.takeConfirmed(message(id)) }
    func answered(_ sequence: UInt64, isConfirmed: Bool) -> Int64? {
      silence.answered(sequence, isConfirmed: isConfirmed)?.id
    }
  }

  @Test("where something was given up one is tried now and then; an answer, however late, opens the way")
  func address() {
    let mute = Mute()
    let now = ContinuousClock.now
    #expect(mute.silence.isEmpty)
    mute.silence.giveUp([(5, Self.message(1))], at: now)
    #expect(!mute.silence.isEmpty)
    #expect(!mute.silence.isDeaf(at: now) && mute.silence.isDeaf(at: now + .seconds(1)))
    #expect(!mute.mayTry(1, now) && !mute.mayTry(2, now))
    let later = now + .seconds(10)
    let next = Silence(limit: .seconds(1), after: mute.silence.addresses, at: now)
    #expect(!next.isEmpty && next.addresses == mute.silence.addresses)
    #expect(mute.mayTry(2, now + .seconds(2)))
    #expect(!mute.mayTry(3, now + .seconds(3)), "one at a time")
    #expect(mute.answered(6, isConfirmed: true) == nil)
    #expect(mute.answered(5, isConfirmed: true) == 1)
    #expect(!mute.silence.isDeaf(at: later))
    #expect(mute.mayTry(3, later))
    #expect(mute.takeConfirmed(1))
    #expect(!mute.takeConfirmed(1))
    #expect(mute.silence.isEmpty)
  }

  @Test("one that may still be answered is not published again, even when others are answered where it goes")
  func notTwice() {
    let mute = Mute()
    let now = ContinuousClock.now
    mute.silence.giveUp([(5, Self.message(1)), (6, Self.message(2))], at: now)
    #expect(mute.answered(6, isConfirmed: false) == 2)
    #expect(!mute.takeConfirmed(2))
    #expect(mute.mayTry(2, now))
    #expect(!mute.mayTry(1, now + .seconds(9)))
    #expect(mute.mayTry(1, now + .seconds(10)), "its answer may have been lost")
    mute.silence.heard(Self.message(1))
    #expect(mute.answered(5, isConfirmed: true) == 1)
  }
}

extension RelayTests {
  /// Stops or continues a quorum queue's only replica, where it is: what is published to it is not confirmed.
  private func tell(_ what: String, to queue: String, of site: RelaySite) async throws {
    let answer = try await site.broker.control(
      "eval",
      """
      {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"\(site.vhost)">>, queue, <<"\(queue)">>)),
      {Name, _} = amqqueue:get_pid(Q), sys:\(what)(whereis(Name)).
      """)
    #expect(answer.contains("ok"), "\(answer)")
  }

  @Test(
    "a queue that confirms nothing keeps nothing from the others, and gets all of its own once it confirms",
    arguments: RelaySite.Filling.allCases)
  func silentQueue(filling: RelaySite.Filling) async throws {
    let site = try await RelaySite()
    try await site.subscribe("silent", to: "order.rejected", arguments: ["x-queue-type": .string("quorum")])
    try await site.subscribe("reserved", to: "order.reserved")
    // So few that they are published over one channel. It knows the queue by then: one that does not waits for it.
    var limits = RelayLimits(window: 15, pollInterval: .milliseconds(5))
    limits.confirmTimeout = .seconds(2)
    let relay = RunningRelay(site, limits: limits)
    try await site.fill(aggregates: 999...999, numbers: 1...1, key: "order.rejected")
    _ = try await site.receive(1, from: "silent")
    try await tell("suspend", to: "silent", of: site)
    // More than may be under way, among others.
    try await site.fill(aggregates: 1...1, numbers: 1...3, key: "order.rejected")
    try await site.fill(aggregates: 2...2, numbers: 1...3)
    try await site.fill(aggregates: 1001...1200, numbers: 1...1, key: "order.rejected", as: filling)
    try await site.fill(aggregates: 2001...2200, numbers: 1...2, as: filling)
    let others = Heard(try await site.receive(403, from: "reserved"))
    #expect(others.faults.isEmpty)
    try await site.fill(aggregates: 3001...3016, numbers: 1...1)
    #expect(Heard(try await site.receive(16, from: "reserved")).count == 16)
    try await eventually("only what is for the silent queue waits") { try await site.waiting() == 203 }

    try await tell("resume", to: "silent", of: site)
    try await eventually("everything is settled", or: { " \(relay.now)" }) { try await site.waiting() == 0 }
    let record = relay.now
    await relay.stop()
    #expect(record.connections == 1 && record.errors.isEmpty)
    let heard = Heard(try await site.receive(203, from: "silent"))
    #expect(heard.faults.isEmpty)
    #expect(heard.count == 203)
    #expect(try await site.depth(of: "silent") == 0, "published twice")
  }
}
