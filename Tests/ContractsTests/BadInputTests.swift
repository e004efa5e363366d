import Contracts
import Testing

/// What partners send by mistake: each with the exact words of its dead letter.
@Suite("Bad input is refused with field, value and rule")
struct BadInputTests {
  private static let quantityRule = "an integer from 1 to 1000000000"
  private static let timeRule = "a time as RFC 3339 has it, with a zone, such as 2026-11-21T09:30:00Z"
  private static let skuRule = "1 to 64 letters, digits and ._/- (the first a letter or digit)"

  /// An order as text; every part can be replaced.
  static func order(
    id: String = #""evt-1""#, type: String = #""order.created""#, time: String = #""2026-11-21T09:30:00Z""#,
    sku: String = #""ABC-12345""#, quantity: String = "2", lines: String? = nil, extra: String = ""
  ) -> String {
    let lines = lines ?? #"[{"sku":"DEF-1","quantity":1},{"sku":\#(sku),"quantity":\#(quantity)}]"#
    return #"{"specversion":"1.0","id":\#(id),"source":"https://shop.example.com","type":\#(type),"time":\#(time),"#
      + #""data":{"order_id":"ord-1","customer_id":"cust-1","lines":\#(lines)}\#(extra)}"#
  }

  private func refused(_ body: String) -> Malformed? { whyRefused(Array(body.utf8)) }

  @Test(
    "a quantity that is no integer from 1 to 1,000,000,000",
    arguments: [
      "0", "-1", "1.5", "1e3", "1.0", #""5""#, "9223372036854775808", "18446744073709551621", "1000000001", "01", "-",
      "+1", "true", "null", "[2]", #"{"a":1}"#, "0x10", "2a", "1.5.5", "NaN",
    ])
  func quantities(_ quantity: String) {
    #expect(
      refused(Self.order(quantity: quantity))
        == Malformed(field: "data.lines[1].quantity", value: quantity, rule: Self.quantityRule))
  }

  @Test(
    "a time without a zone, of another format or that does not exist",
    arguments: [
      "20/11/2026", "2026-13-01", "2026-13-01T00:00:00Z", "2026-11-21T09:30:00", "2026-11-21", "", "yesterday",
      "2026-02-29T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21 09:30:00Z", "2026-11-21T09:30:00+0100",
      "2026-11-21T09:30:00+24:00", "2026-11-21T09:30:00.Z", "2026-11-21T09:30:61Z", "0000-01-01T00:00:00Z",
      "2026-11-21T09:30:00Zx",
    ])
  func times(_ time: String) {
    #expect(
      refused(Self.order(time: "\"\(time)\"")) == Malformed(field: "time", value: time, rule: Self.timeRule))
  }

  @Test("a time that is a number")
  func numericTime() {
    #expect(refused(Self.order(time: "1795253400")) == Malformed(field: "time", value: "1795253400", rule: "a string"))
  }

  @Test("a SKU of 10,000 characters, shown shortened")
  func longSKU() throws {
    let refusal = try #require(refused(Self.order(sku: "\"\(String(repeating: "A", count: 10_000))\"")))
    #expect(refusal.field == "data.lines[1].sku")
    #expect(refusal.value == String(repeating: "A", count: 79) + "…")
    #expect(refusal.rule == Self.skuRule)
  }

  @Test("a SKU with NUL, escaped and raw")
  func nulSKU() {
    let rule = "without U+0000, other control characters escaped"
    #expect(
      refused(Self.order(sku: #""AB\u0000C""#))
        == Malformed(field: "data.lines[1].sku", value: #"AB\u0000"#, rule: rule))
    #expect(
      refused(Self.order(sku: "\"AB\u{0}C\""))
        == Malformed(field: "data.lines[1].sku", value: "AB\u{0}", rule: rule))
    #expect(refused(Self.order(sku: "\"AB\u{0}C\""))?.value == #"AB\u{0}"#)
  }

  @Test("a SKU with an invalid UTF-8 byte")
  func invalidUTF8() throws {
    var body = Array(Self.order(sku: #""AB?C""#).utf8)
    body[try #require(body.firstIndex(of: UInt8(ascii: "?")))] = 0xFF
    let refusal = try #require(whyRefused(body))
    #expect(refusal.field == "data.lines[1].sku")
    #expect(refusal.value == #"AB\xffC"#)
    #expect(refusal.rule == "valid UTF-8")
  }

  @Test("an invalid byte in a field that nobody reads")
  func invalidUTF8InUnknownField() throws {
    var body = Array(Self.order(extra: #","note":"x?y""#).utf8)
    body[try #require(body.firstIndex(of: UInt8(ascii: "?")))] = 0xC0
    #expect(whyRefused(body)?.description == #"note is x\xc0y, must be valid UTF-8"#)
  }

  @Test("an order with no line and one with 1,001")
  func lineCounts() {
    let line = #"{"sku":"ABC-1","quantity":1}"#
    func lines(_ count: Int) -> String { "[\(repeatElement(line, count: count).joined(separator: ","))]" }
    #expect(
      refused(Self.order(lines: lines(0)))
        == Malformed(field: "data.lines", value: "0 elements", rule: "1 to 1000 elements"))
    #expect(
      refused(Self.order(lines: lines(1001)))
        == Malformed(field: "data.lines", value: "more elements", rule: "1 to 1000 elements"))
    #expect(refused(Self.order(lines: lines(1000))) == nil)
  }

  @Test("the same SKU twice is a valid order")
  func repeatedSKU() throws {
    let message = try decode(Array(Self.order(sku: #""DEF-1""#).utf8))
    guard case .orderCreated(let order) = message.event else {
      Issue.record("\(message.event)")
      return
    }
    #expect(order.lines.map(\.sku.value) == ["DEF-1", "DEF-1"])
    #expect(order.lines.map(\.line) == [1, 2])
  }

  @Test("line numbers on some lines only, or twice the same")
  func lineNumbers() {
    let some = #"[{"line":4,"sku":"A","quantity":1},{"sku":"B","quantity":1}]"#
    #expect(
      refused(Self.order(lines: some))
        == Malformed(field: "data.lines[1].line", value: "absent", rule: "present in all lines or in none"))
    let twice = #"[{"line":4,"sku":"A","quantity":1},{"line":4,"sku":"B","quantity":1}]"#
    #expect(
      refused(Self.order(lines: twice))
        == Malformed(field: "data.lines[1].line", value: "4", rule: "unique in its order"))
  }

  @Test("an unknown order policy names what is known")
  func policy() {
    let body = Self.order().replacing(#""lines""#, with: #""policy":"fastest","lines""#)
    #expect(
      refused(body)
        == Malformed(field: "data.policy", value: "fastest", rule: "one of partial, line_complete, ship_complete"))
  }

  @Test("rules between two fields")
  func pairs() {
    func event(_ type: String, _ data: String) -> String {
      #"{"specversion":"1.0","id":"1","source":"s","type":"\#(type)","time":"2026-11-21T09:30:00Z","data":\#(data)}"#
    }
    #expect(
      refused(
        event(
          "stock.move.requested",
          #"{"move_id":"m","sku":"A","from_location_id":"WH","to_location_id":"WH","quantity":1}"#))
        == Malformed(field: "data.to_location_id", value: "WH", rule: "another location than from_location_id"))
    #expect(
      refused(
        event("stock.policy.set", #"{"sku":"A","safety_stock":0,"reorder_point":5,"recover_point":5}"#))
        == Malformed(field: "data.recover_point", value: "5", rule: "greater than reorder_point (5)"))
    let levels = #""safety_stock":0,"reorder_point":5,"recover_point":6"#
    #expect(
      refused(event("stock.policy.set", #"{"sku":"A","location_id":"WH","every_location":true,\#(levels)}"#))
        == Malformed(field: "data.every_location", value: "true", rule: "false where location_id is (WH)"))
  }
}
