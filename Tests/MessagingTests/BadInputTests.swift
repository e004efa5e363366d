import Contracts
import Messaging
import PipelineKit
import Testing

/// A message as a bad publisher may send it, and the reason that its dead letter must give.
struct BadMessage: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let letter: Letter
  let field: String
  let value: String?
  let kind: String

  init(
    _ what: String, _ letter: Letter, field: String, value: String? = nil, kind: String = "malformed"
  ) {
    testDescription = what
    self.letter = letter
    self.field = field
    self.value = value
    self.kind = kind
  }

  /// An order whose JSON text has one thing replaced.
  private static func order(_ old: String, _ new: String, key: String = "order.created") -> Letter {
    let text = """
      {"specversion":"1.0","id":"bad-1","source":"urn:test:shop","type":"order.created","time":"2026-11-21T09:30:00Z",\
      "data":{"order_id":"o-bad","customer_id":"c-1","lines":[{"sku":"A","quantity":2}]}}
      """.replacing("2026-11-21T09:30:00Z", with: Timestamp.now.rfc3339)
    return Letter(raw: old.isEmpty ? text : text.replacing(old, with: new), id: "bad-1", routingKey: key)
  }

  private static var shipment: Letter {
    let line = ShipmentDispatched.Line(
      line: 1, sku: SKU(trusted: "B"), locationID: LocationID(trusted: "WH-1"), quantity: 1)
    return Letter(
      .shipmentDispatched(
        ShipmentDispatched(
          shipmentID: ShipmentID(trusted: "s-bad"), orderID: OrderID(trusted: "o-before"), lines: [line])))
  }

  private static func time(_ time: String) -> Letter {
    Letter(
      raw: """
        {"specversion":"1.0","id":"bad-1","source":"urn:test:shop","type":"order.created","time":"\(time)",\
        "data":{"order_id":"o-bad","customer_id":"c-1","lines":[{"sku":"A","quantity":2}]}}
        """, id: "bad-1", routingKey: "order.created")
  }

  private static func quantity(_ text: String, shown: String? = nil) -> BadMessage {
    BadMessage(
      "quantity \(text)", order(#""quantity":2"#, #""quantity":\#(text)"#), field: "data.lines[0].quantity",
      value: shown ?? text)
  }

  private static func lines(_ count: Int) -> String {
    #""lines":[\#(Array(repeating: #"{"sku":"A","quantity":1}"#, count: count).joined(separator: ","))]"#
  }

  private static let oneLine = #""lines":[{"sku":"A","quantity":2}]"#

  private static var invalidUTF8: Letter {
    var letter = order(#""sku":"A""#, #""sku":"A@""#)
    letter.body = letter.body.map { $0 == UInt8(ascii: "@") ? 0xFF : $0 }
    return letter
  }

  private static var contentType: Letter {
    var letter = order("", "")
    letter.contentType = "application/json"
    return letter
  }

  private static var noMessageID: Letter {
    var letter = order(#""id":"bad-1","#, "")
    letter.messageID = nil
    return letter
  }

  static let all: [BadMessage] = [
    BadMessage("not JSON", Letter(raw: "hello", id: "bad-1", routingKey: "order.created"), field: "body"),
    BadMessage("empty", Letter(raw: "", id: "bad-1", routingKey: "order.created"), field: "body"),
    BadMessage("wrong content type", contentType, field: "content_type", value: "application/json"),
    BadMessage("missing id", noMessageID, field: "id", value: "absent"),
    BadMessage("empty id", order(#""id":"bad-1""#, #""id":"""#), field: "id"),
    BadMessage(
      "unknown type on a bound key", order("order.created", "order.imagined"), field: "type", value: "order.imagined"),
    BadMessage(
      "known type on another's key", order("", "", key: "goods.received"), field: "type", value: "order.created"),
    quantity("0"), quantity("-1"), quantity("1.5"), quantity("1e3"), quantity(#""5""#, shown: nil),
    quantity("9223372036854775808"), quantity("1000000001"),
    BadMessage(
      "SKU of 10,000 characters", order(#""sku":"A""#, #""sku":"\#(String(repeating: "A", count: 10_000))""#),
      field: "data.lines[0].sku"),
    BadMessage("SKU with NUL", order(#""sku":"A""#, #""sku":"A\u0000""#), field: "data.lines[0].sku"),
    BadMessage("SKU with an invalid UTF-8 byte", invalidUTF8, field: "data.lines[0].sku"),
    BadMessage("20/11/2026", time("20/11/2026"), field: "time", value: "20/11/2026"),
    BadMessage("2026-13-01", time("2026-13-01T00:00:00Z"), field: "time", value: "2026-13-01T00:00:00Z"),
    BadMessage("without zone", time("2026-11-21T00:00:00"), field: "time", value: "2026-11-21T00:00:00"),
    BadMessage("no line", order(oneLine, #""lines":[]"#), field: "data.lines"),
    BadMessage("1,001 lines", order(oneLine, lines(1001)), field: "data.lines"),
    BadMessage("duplicate JSON key", order(#""sku":"A""#, #""sku":"A","sku":"A""#), field: "data.lines[0].sku"),
    BadMessage(
      "JSON nested 10,000 deep",
      order(oneLine, #""extra":\#(String(repeating: "[", count: 10_000))\#(String(repeating: "]", count: 10_000))"#),
      field: "body"),
    BadMessage(
      "a body of 10 MB", order(oneLine, #""extra":"\#(String(repeating: "x", count: 10_000_000))""#), field: "body"),
    BadMessage(
      "another AMQP message id", Letter(raw: order("", "").body, id: "other", routingKey: "order.created"),
      field: "message_id", value: "other"),
    BadMessage("a shipment of another SKU", shipment, field: "data.lines[0].sku", value: "B", kind: "refused"),
  ]
}

@Suite("Bad input")
struct BadInputTests {
  @Test("is a dead letter that says why, and its neighbours are applied", arguments: BadMessage.all)
  func badInput(bad: BadMessage) async throws {
    try await withStock { house, _, allocation in
      try await allocation.take(.order("o-before", [("A", 1)]))
      let taken = try await allocation.take([.order("o-1", [("A", 1)]), bad.letter, .order("o-2", [("A", 1)])])
      #expect(taken.outcomes == [.applied, .deadLettered, .applied])
      #expect(taken.halved.isEmpty)
      let dead = try await house.deadLetter()
      #expect(dead.kind == bad.kind)
      #expect(dead.field == bad.field)
      if let value = bad.value { #expect(dead.value == value) }
      #expect(dead.value.count <= 80 && !dead.rule.isEmpty)
      #expect(try await house.value("select count(*) from orders") == "3")

      let copy = try #require(try await house.outbox().first { $0.routingKey == "allocation.dead" })
      #expect(copy.exchange.isEmpty)
      #expect(copy.headers["x-tallyman-field"] == .string(dead.field))
      #expect(copy.headers["x-tallyman-value"] == .string(dead.value))
      #expect(copy.headers["x-tallyman-rule"] == .string(dead.rule))
      #expect(copy.headers["x-tallyman-source-queue"] == .string("allocation"))
      #expect(copy.headers["x-tallyman-attempt"] == .int(0))
      #expect(copy.headers["x-tallyman-dead-letter-id"] == Int64(dead.id).map { .int($0) })
      #expect(copy.body == (bad.letter.body.count <= 262_144 ? bad.letter.body : []))
      #expect(
        try await house.value("select octet_length(body) from dead_letters") == "\(bad.letter.body.count)", "kept whole"
      )

      // The broker delivers it once more: it is the same dead letter.
      let again = bad.kind == "malformed" ? Outcome.deadLettered : .duplicate
      #expect(try await allocation.take(bad.letter.again).outcome == again)
      #expect(try await house.deadLetters().count == 1)
      #expect(try await house.outbox().count { $0.routingKey == "allocation.dead" } == 1)
    }
  }

  @Test("an order with the same SKU twice is no bad input: its demand is summed")
  func sameSKUTwice() async throws {
    try await withStock { house, _, allocation in
      try await allocation.take(.order("o-1", [("A", 60), ("A", 60)]))
      #expect(
        try await house.rows("select reserved, backordered from order_lines order by line_no") == ["60|0", "40|20"])
    }
  }

  @Test("a type that the worker does not consume is a dead letter")
  func foreignType() async throws {
    try await withStock { house, inventory, _ in
      let taken = try await inventory.take(.order("o-1", [("A", 1)]))
      #expect(taken.outcome == .deadLettered)
      #expect(try await house.deadLetter().field == "type")
    }
  }

  @Test("every one of them in one batch with good messages: all come out, the good ones are applied")
  func allAtOnce() async throws {
    try await withStock { house, _, allocation in
      var letters: [Letter] = []
      for (number, bad) in BadMessage.all.enumerated() {
        letters.append(bad.letter)
        letters.append(.order("good-\(number)", [("A", 1)]))
      }
      let taken = try await allocation.take(letters)
      #expect(taken.count(.applied) == BadMessage.all.count)
      #expect(taken.entries.count == letters.count)
    }
  }

  @Test("headers that make no sense do no harm")
  func strangeHeaders() async throws {
    try await withStock { _, _, allocation in
      var letter = Letter.order("o-1", [("X", 1)])
      letter.headers = [
        "x-tallyman-attempt": .string("many"), "x-tallyman-first-seen": .string("yesterday"),
        "x-delivery-count": .int(-5), "": .string("\u{0}"),
        "x-very-long": .string(String(repeating: "h", count: 100_000)),
      ]
      let taken = try await allocation.take(letter)
      #expect(taken.outcome == .retried)
      letter.headers["x-tallyman-attempt"] = .int(.max)
      #expect(try await allocation.take(letter).outcome == .deadLettered)
      letter = .order("o-2", [("A", 1)])
      letter.headers["x-tallyman-attempt"] = .int(.min)
      #expect(try await allocation.take(letter).outcome == .applied)
    }
  }
}
