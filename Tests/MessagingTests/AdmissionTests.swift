import Contracts
import PipelineKit
import Testing

@testable import Messaging

@Suite("What the inbox says before anything is locked")
struct AdmissionTests {
  private static let manifest = WorkerManifest(
    consumer: "test", queue: "test", consumes: [.orderCreated, .stockReceived], publishes: [],
    usually: [.stockReceived: .unchanged])

  private func decoded(_ letters: [Letter]) -> [Decoded] {
    letters.enumerated().map { Decoded($0.element.delivery(tag: UInt64($0.offset + 1))) }
  }

  private func order(_ id: String, _ order: String = "o-1", time: Timestamp = .now) -> Letter {
    Letter(
      .orderCreated(
        OrderCreated(
          orderID: OrderID(trusted: order), customerID: CustomerID(trusted: "c"),
          lines: [.init(line: 1, sku: SKU(trusted: "A"), quantity: 1)])), id: id, time: time)
  }

  private func words(_ admissions: [Inbox.Admission]) -> [String] {
    admissions.map { admission in
      switch admission {
      case .unreadable: "unreadable"
      case .outdated(let reason): "\(reason.kind)"
      case .known(_, let earlier): "\(earlier)"
      case .claimed(_, let place): "row \(place)"
      }
    }
  }

  @Test("each new id is claimed once, the first time; what cannot be read or is out of time is not")
  func claims() {
    let now = Timestamp.now
    let late = now - .seconds(31 * 86_400)
    var inbox = Inbox(of: AdmissionTests.manifest)
    let first = order("m-1", time: now)
    let admissions = inbox.admit(
      decoded([
        order("m-1", time: late), first, first, order("m-1", "o-2", time: now),
        Letter(raw: "{", id: "m-1", routingKey: "order.created"), order("m-2", time: now),
      ]), at: now)
    #expect(words(admissions) == ["tooOld", "row 0", "same", "differentBody", "unreadable", "row 1"])
  }

  @Test("the edges are those of the clock that is given", arguments: [(-1, "tooOld"), (1, "row 0")])
  func oldEdge(seconds: Int64, word: String) {
    let now = Timestamp.now - .seconds(500 * 86_400)
    var inbox = Inbox(of: AdmissionTests.manifest)
    #expect(words(inbox.admit(decoded([order("m", time: now - Inbox.horizon + .seconds(seconds))]), at: now)) == [word])
  }

  @Test("so are those of the future", arguments: [(1, "tooFarAhead"), (-1, "row 0")])
  func newEdge(seconds: Int64, word: String) {
    let now = Timestamp.now - .seconds(500 * 86_400)
    var inbox = Inbox(of: AdmissionTests.manifest)
    let time = now + Inbox.maximumLead + .seconds(seconds)
    #expect(words(inbox.admit(decoded([order("m", time: time)]), at: now)) == [word])
  }

  @Test("a replay admits what is older, and nothing that is ahead", arguments: [(-40, "row 0"), (40, "tooFarAhead")])
  func replayed(days: Int64, word: String) {
    let now = Timestamp.now
    var inbox = Inbox(of: AdmissionTests.manifest)
    var letter = order("m", time: now + .seconds(days * 86_400))
    letter.headers[HeaderName.replayedAt] = .string(now.rfc3339)
    #expect(words(inbox.admit(decoded([letter]), at: now)) == [word])
  }

  @Test("a replay's own time must not be ahead either: no partition is open for its row")
  func replayedTomorrow() {
    let now = Timestamp.now
    var inbox = Inbox(of: AdmissionTests.manifest)
    var letter = order("m", time: now)
    letter.headers[HeaderName.replayedAt] = .string((now + .seconds(2 * 86_400)).rfc3339)
    #expect(words(inbox.admit(decoded([letter]), at: now)) == ["tooFarAhead"])
  }

  @Test("a message by the queue's name is held to the key that its header brings; a header widens nothing")
  func carriedKey() {
    var letter = order("m")
    letter.routingKey = "test"
    #expect(decoded([letter])[0].message != nil)
    letter.headers[HeaderName.routingKey] = .string("product.registered")
    #expect(decoded([letter])[0].message == nil)
    #expect(decoded([letter])[0].delivery.publishedKey(on: "test") == "product.registered")
    letter.headers[HeaderName.routingKey] = .string("order.created")
    #expect(decoded([letter])[0].message != nil)
    letter.routingKey = "product.registered"
    #expect(decoded([letter])[0].message == nil)
    #expect(decoded([letter])[0].delivery.publishedKey(on: "test") == "product.registered")
  }

  @Test("a batch is parted where a message comes again at another attempt, and nowhere else")
  func split() {
    func sizes(_ letters: [Letter]) -> [Int] { Inbox.split(decoded(letters)).map(\.count) }
    let (one, two) = (order("m-1"), order("m-2"))
    #expect(sizes([]) == [0])
    #expect(sizes([one, two, one]) == [3])
    #expect(sizes([one.attempt(1), two, one.attempt(1), two]) == [4])
    #expect(sizes([one, two, one.attempt(1), two.attempt(1), one.attempt(2)]) == [2, 2, 1])
    #expect(sizes([one.attempt(2), one.attempt(1)]) == [1, 1])
  }

  @Test("only rows that ended otherwise than is usual are corrected, and a day that they share is named once")
  func corrections() {
    let now = Timestamp.now
    func corrected(_ times: [Timestamp], _ ends: [MessageEnd]) -> (String, Int)? {
      var rows = InboxRows()
      for (index, item) in decoded(times.enumerated().map { order("m-\($0.offset)", time: $0.element) }).enumerated() {
        guard let message = item.message else { continue }
        let place = rows.claim(message, as: .applied(events: 1))
        rows.settle(place, as: ends[index])
      }
      return rows.corrections(consumer: "test").map { ($0.command.statement.name, $0.count) }
    }
    let usual = MessageEnd.applied(events: 1)
    #expect(corrected([now, now], [usual, usual]) == nil)
    #expect(corrected([now, now], [usual, .unchanged]) ?? ("", 0) == ("inbox_correct_day", 1))
    let before = now - .seconds(86_400)
    #expect(corrected([before, now], [usual, .applied(events: 2)]) ?? ("", 0) == ("inbox_correct_day", 1))
    #expect(corrected([before, now], [.unchanged, .applied(events: 2)]) ?? ("", 0) == ("inbox_correct", 2))
  }

  @Test("a reading of the database's clock goes on for a minute, and not backwards")
  func laneClock() {
    var clock = LaneClock()
    let (instant, time) = (ContinuousClock.now, Timestamp.now)
    #expect(clock.time(at: instant) == nil)
    clock.set(time, at: instant)
    #expect(clock.time(at: instant) == time)
    #expect(clock.time(at: instant + .seconds(60)) == time + .seconds(60))
    #expect(clock.time(at: instant + .milliseconds(60_001)) == nil)
    #expect(clock.time(at: instant - .milliseconds(1)) == nil)
  }
}
