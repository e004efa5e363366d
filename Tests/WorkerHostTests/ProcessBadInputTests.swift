import AMQP
import Foundation
import TestServers
import Testing
import WorkerHost

extension ProcessTests {
  /// A message that must not be applied, and the field that its dead letter names.
  private struct Bad {
    let parcel: Parcel
    let field: String
  }

  private static func order(_ name: String, _ lines: String, time: String? = nil) -> Parcel {
    Parcel(
      "order.created", #"{"order_id":"bad-\#(name)","customer_id":"cust-1","lines":\#(lines)}"#, id: name, time: time)
  }

  private static func quantity(_ name: String, _ quantity: String) -> Bad {
    Bad(
      parcel: order(name, #"[{"sku":"SKU-1","quantity":\#(quantity)}]"#), field: "data.lines[0].quantity")
  }

  private static func sku(_ name: String, _ sku: [UInt8]) -> Bad {
    var parcel = order(name, #"[{"sku":"@","quantity":1}]"#)
    if let at = parcel.body.firstIndex(of: UInt8(ascii: "@")) { parcel.body.replaceSubrange(at...at, with: sku) }
    return Bad(parcel: parcel, field: "data.lines[0].sku")
  }

  private static func raw(_ name: String, _ text: String, contentType: String? = "application/cloudevents+json")
    -> Parcel
  { Parcel("order.created", id: name, body: Array(text.utf8), contentType: contentType) }

  private static var quantities: [Bad] {
    [
      quantity("q-zero", "0"), quantity("q-minus", "-1"), quantity("q-half", "1.5"), quantity("q-exponent", "1e3"),
      quantity("q-string", #""5""#), quantity("q-huge", "9223372036854775808"),
    ]
  }

  private static var times: [Bad] {
    let lines = #"[{"sku":"SKU-1","quantity":1}]"#
    return [("t-format", "20/11/2026"), ("t-month", "2026-13-01"), ("t-zone", "2026-11-21T09:30:00")].map {
      Bad(parcel: order($0.0, lines, time: $0.1), field: "time")
    } + [
      Bad(parcel: order("t-old", lines, time: "2001-01-01T00:00:00Z"), field: "time"),
      Bad(parcel: order("t-future", lines, time: "2099-01-01T00:00:00Z"), field: "time"),
    ]
  }

  private static var shapes: [Bad] {
    let many = "[" + (1...1001).map { #"{"line":\#($0),"sku":"SKU-1","quantity":1}"# }.joined(separator: ",") + "]"
    let good = Parcel.event(
      "order.created", #"{"order_id":"bad","customer_id":"c","lines":[{"sku":"SKU-1","quantity":1}]}"#, id: "s-type")
    let lines = #"[{"sku":"SKU-1","quantity":1,"quantity":2}]"#
    return [
      Bad(parcel: raw("s-text", "order 17 pieces please"), field: "body"),
      Bad(parcel: raw("s-cut", #"{"specversion":"1.0","id":"#), field: "body"),
      Bad(parcel: raw("s-empty", ""), field: "body"),
      Bad(parcel: raw("s-type", good, contentType: "text/plain"), field: "content_type"),
      Bad(parcel: raw("s-none", good, contentType: nil), field: "content_type"),
      Bad(parcel: raw("s-id", good.replacing(#""id":"s-type","#, with: "")), field: "id"),
      Bad(parcel: raw("s-event", good.replacing("order.created", with: "order.invented")), field: "type"),
      Bad(parcel: raw("s-other", good), field: "message_id"),
      Bad(parcel: order("l-none", "[]"), field: "data.lines"), Bad(parcel: order("l-many", many), field: "data.lines"),
      Bad(parcel: order("l-twice", lines), field: "data.lines[0].quantity"),
      Bad(
        parcel: raw("s-deep", String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)),
        field: "body"),
      Bad(parcel: raw("s-large", String(repeating: "x", count: 10_000_000)), field: "body"),
    ]
  }

  private static var skus: [Bad] {
    [
      sku("k-long", Array(repeating: UInt8(ascii: "A"), count: 10_000)), sku("k-nul", [0x41, 0]),
      sku("k-escaped", Array(#"A\u0000"#.utf8)), sku("k-utf8", [0x41, 0xFF]),
    ]
  }

  /// What is wrong with the message around the body.
  private static var envelopes: [Bad] {
    var long = raw("", "not JSON either")
    long.properties.messageID = String(repeating: "\u{E9}", count: 127)
    var headers = raw("h-large", "no JSON")
    headers.properties.headers = ["noise": .string(String(repeating: "n", count: 110_000)), "zero": .string("a\u{0}b")]
    var anonymous = raw("", "nor this")
    anonymous.properties.messageID = nil
    // The broker takes a CC that is a list, as its publisher sent it, and closes the channel for any other.
    var copied = raw("h-copied", "nor that")
    copied.properties.headers = ["CC": .array([.string("nobody")]), "BCC": .array([.string("all")])]
    return [long, headers, anonymous, copied].map { Bad(parcel: $0, field: "body") }
  }

  @Test("every kind of bad message ends as a dead letter with its reason, and the good one behind it is applied")
  func badInput() async throws {
    let site = try await ProcessSite()
    let children = try await site.startReady(.inventoryWorker, .allocationWorker, .outboxRelay)
    try await site.stock(skus: 1, each: 1_000)

    let bad = Self.quantities + Self.times + Self.shapes + Self.skus + Self.envelopes
    for (number, item) in bad.enumerated() {
      try await site.publish([item.parcel, .order("good-\(number)", "SKU-1", 1)])
    }
    try await site.until("all good ones are applied", "select count(*) from orders", is: Int64(bad.count))
    try await site.until("all bad ones are dead letters", "select count(*) from dead_letters", is: Int64(bad.count))

    let records = try await site.rows(
      "select message_id, field, value, rule, octet_length(body)::text from dead_letters")
    for item in bad {
      let id = item.parcel.properties.messageID ?? ""
      let record = records.first { $0[0] == id }
      #expect(record?[1] == item.field, "\(id): \(record?.dropLast() ?? [])")
      #expect(record.map { !$0[2].isEmpty || item.parcel.body.isEmpty } == true, "\(id): \(record ?? [])")
      #expect(record?[3].isEmpty == false)
      #expect(record?[4] == "\(item.parcel.body.count)", "\(id)")
    }

    // Each has its copy where queue management shows it.
    try await site.until("everything is published", "select count(*) from outbox", is: 0)
    let copies = try await site.drain("allocation.dead")
    #expect(copies.count == bad.count)
    for copy in copies {
      #expect(copy.properties.headers["CC"] == nil)
      #expect(copy.properties.headers["x-tallyman-source-queue"] == .string("allocation"))
      #expect(copy.properties.headers["x-tallyman-reason"]?.string?.isEmpty == false)
      #expect(copy.properties.headers["x-tallyman-field"]?.string?.isEmpty == false)
      #expect(copy.properties.headers["x-tallyman-dead-letter-id"]?.int != nil)
    }
    #expect(try await site.depth(of: "allocation") == 0)
    for child in children {
      #expect(try await child.get("/health/ready").status == 200)
      #expect(!child.output.contains("order 17 pieces"), "a body in the log")
      child.signal(SIGTERM)
    }
    for child in children { #expect(try await child.end() == 0) }
  }

  @Test("a retried order that asked for copies in a CC goes its way, gets none, and holds up nobody")
  func copiedOrder() async throws {
    let site = try await ProcessSite()
    let children = try await site.startReady(.inventoryWorker, .allocationWorker, .outboxRelay)
    var copied = Parcel.order("ord-copied", "SKU-9", 1)
    copied.properties.headers = ["CC": .array([.string("allocation.dead")])]
    try await site.publish([copied])
    try await site.until("it was tried", "select count(*) from inbox where outcome = 'retried'", is: 1)
    try await site.stock(skus: 1, each: 10)
    try await site.publish([.order("ord-behind", "SKU-1", 1)])
    try await site.until("the one behind is applied", "select count(*) from orders", is: 1)
    try await site.until("it is dead in the end", "select count(*) from dead_letters", is: 1)
    try await site.until("everything is published", "select count(*) from outbox", is: 0)
    #expect(try await site.drain("allocation.dead").count == 1)
    for child in children { child.signal(SIGTERM) }
    for child in children { #expect(try await child.end() == 0) }
    #expect(!children.contains { $0.output.contains("connects again") })
  }

  @Test("what outgrows AMQP's 255 bytes when it is made storable is left behind or cut, and holds up nobody")
  func outgrown() async throws {
    let site = try await ProcessSite()
    let children = try await site.startReady(.inventoryWorker, .allocationWorker, .outboxRelay)
    let zeros = String(repeating: "\u{0}", count: 200)
    var order = Parcel.order("ord-zeros", "SKU-9", 1)
    order.properties.headers = [zeros: .int(1), "kept": .string("a\u{0}")]
    var nameless = Self.raw("", "no JSON")
    nameless.properties.messageID = zeros
    try await site.publish([order, nameless])
    try await site.until("both are dead in the end", "select count(*) from dead_letters", is: 2)
    try await site.until("everything is published", "select count(*) from outbox", is: 0)
    let copies = try await site.drain("allocation.dead")
    #expect(Set(copies.map(\.properties.messageID)).contains(String(repeating: "\u{FFFD}", count: 85)))
    #expect(copies.count { $0.properties.headers["kept"] == .string("a\u{FFFD}") } == 1)
    for child in children { child.signal(SIGTERM) }
    for child in children { #expect(try await child.end() == 0) }
  }

  @Test("an id used again with another body, and a shipment of more than was reserved, are dead letters that say so")
  func contradictions() async throws {
    let site = try await ProcessSite()
    let children = try await site.startReady(.inventoryWorker, .allocationWorker, .outboxRelay)
    try await site.stock(skus: 1, each: 5)
    let first = Parcel.order("ord-1", "SKU-1", 2, message: "twice")
    try await site.publish([first, first])
    try await site.until("the order is there", "select count(*) from orders", is: 1)
    try await site.publish([.order("ord-2", "SKU-1", 3, message: "twice"), .order("ord-3", "SKU-1", 1)])
    try await site.publish(
      Parcel(
        "shipment.dispatched",
        #"{"shipment_id":"shp-1","order_id":"ord-1","lines":[{"line":1,"location_id":"WH-1","quantity":3}]}"#,
        id: "too-much"))
    try await site.until("both are dead letters", "select count(*) from dead_letters", is: 2)
    let records = try await site.rows("select message_id, field, value, rule from dead_letters order by 1")
    #expect(records[0][0] == "too-much")
    #expect(records[0][1].hasPrefix("data.lines[0]"), "\(records[0])")
    #expect(records[1][0] == "twice")
    #expect(records[1][1] == "id")
    #expect(records[1][3].contains("another body"))
    try await site.until("the order behind is applied", "select count(*) from orders where order_id = 'ord-3'", is: 1)
    #expect(try await site.number("select count(*) from orders") == 2)
    for child in children { child.signal(SIGTERM) }
    for child in children { #expect(try await child.end() == 0) }
  }
}
