import AMQP
import Foundation
import TestServers
import Testing
import WorkerHost

extension ProcessTests {
  /// Where the allocation-worker is stopped hard, on a message's way from the queue to the acknowledgement.
  private static let workerPlaces = [
    "PQsendQueryPrepared/inbox_insert:1",  // taken from the broker, nothing in the database yet
    "PQsendQueryPrepared/inbox_insert:1:after",  // claimed, and nothing is locked
    "PQsendQueryPrepared/anchors_lock:1:after",  // the rows are locked
    "PQsendQueryPrepared/ledger_insert:1:after",  // half of the writes are done
    "PQsendQueryPrepared/outbox_insert:1:after",  // all writes are done
    "PQsendQueryPrepared/commit:1",  // in front of COMMIT
    "PQsendQueryPrepared/commit:1:after",  // COMMIT is on its way, its answer unread
    "amqp_basic_ack:1",  // committed, not acknowledged
    "amqp_basic_ack:1:after",  // acknowledged, whether or not the broker has heard of it
  ]

  /// Where the relay is.
  private static let relayPlaces = [
    "PQsendQueryPrepared/outbox_take:1:after",  // rows are on their way to it
    "send/publish:1",  // in front of the first publish
    "send/publish:1:after",  // one is published, and not confirmed
    "send/publish:2:after",  // many are published, none of them is confirmed
    "PQsendQueryPrepared/outbox_settle:1",  // confirmed, still in the outbox
    "PQsendQueryPrepared/outbox_settle:1:after",  // their removal is on its way
  ]

  /// Good orders, one message that says nothing, and a cancellation.
  private static func mail(_ number: Int) -> [Parcel] {
    orders(number * 20 + 1...number * 20 + 20) + [
      Parcel("order.created", id: "bad-\(number)", body: Array("{".utf8)),
      Parcel("order.cancelled", #"{"order_id":"ord-\#(number * 20 + 3)"}"#, id: "cancel-\(number)"),
    ]
  }

  @Test("a worker killed at each step of a message's way, from the claim to the acknowledgement: once and only once")
  func crashPoints() async throws {
    let site = try await ProcessSite()
    let interposer = try Interposer.shared()
    let setup = try await site.startReady(.inventoryWorker, .outboxRelay)
    try await site.stock(skus: 5, each: 300)
    let calm = ["TALLYMAN_LANES": "1"]

    for (number, place) in Self.workerPlaces.enumerated() {
      let victim = try site.start(.allocationWorker, calm.merging(interposer.dying(place)) { $1 })
      try await site.publish(Self.mail(number))
      #expect(try await victim.end() == -Int(SIGKILL), "\(place): \(victim.output.suffix(500))")
      let successor = try await site.startReady(.allocationWorker)
      try await Self.checkMail(site, through: number, place)
      for child in successor { child.signal(SIGTERM) }
      for child in successor { #expect(try await child.end() == 0) }
    }
    for child in setup { child.signal(SIGTERM) }
    for child in setup { #expect(try await child.end() == 0) }

    let worker = try await site.startReady(.allocationWorker)
    let places = Self.workerPlaces.count
    try await site.publish(Self.mail(places))
    try await Self.checkMail(site, through: places, "no crash")
    for place in Self.relayPlaces {
      let victim = try site.start(.outboxRelay, interposer.dying(place))
      #expect(try await victim.end() == -Int(SIGKILL), "\(place): \(victim.output.suffix(500))")
      #expect(try await site.number("select count(*) from outbox") > 0, "\(place)")
    }
    let relay = try await site.startReady(.outboxRelay)
    try await site.until("everything is published", "select count(*) from outbox", is: 0)
    try await Self.checkHeard(site, orders: (places + 1) * 20)
    for child in worker + relay { child.signal(SIGTERM) }
    for child in worker + relay { #expect(try await child.end() == 0) }
  }

  /// What must hold after so many portions of mail, each of which was met by a death.
  private static func checkMail(_ site: ProcessSite, through number: Int, _ place: String) async throws {
    let portions = Int64(number + 1)
    try await site.until("every order is there (\(place))", "select count(*) from orders", is: portions * 20)
    try await site.until("the bad ones are dead letters (\(place))", "select count(*) from dead_letters", is: portions)
    try await site.until(
      "the cancelled are cancelled (\(place))", "select count(*) from orders where state = 'cancelled'", is: portions)
    try await eventually("the queue is empty (\(place))") { try await site.depth(of: "allocation") == 0 }
    for broken in try await site.violations() { Issue.record("\(place): \(broken)") }
    #expect(
      try await site.number("select count(*) from inbox where consumer = 'allocation' and outcome = 'applied'")
        == portions * 21, "\(place)")
  }

  /// Each event reached the subscriber, those of one aggregate in order, and one id never had two contents.
  private static func checkHeard(_ site: ProcessSite, orders: Int) async throws {
    var contents: [String: [UInt8]] = [:]
    var answers: Set<String> = []
    for delivery in try await site.drain("all") {
      guard let id = delivery.properties.messageID else {
        Issue.record("an event without an id: \(delivery.routingKey)")
        continue
      }
      #expect(contents.updateValue(delivery.body, forKey: id).map { $0 == delivery.body } ?? true, "\(id)")
      if ["order.reserved", "order.partially_reserved", "order.backordered"].contains(delivery.routingKey) {
        answers.insert(id)
      }
    }
    #expect(answers.count == orders)
  }
}
