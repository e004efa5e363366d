import Contracts
import Testing

@Suite("JSON")
struct JSONTests {
  private func accepts(_ text: String) -> Bool { (try? RawJSON(Array(#"{"a":\#(text)}"#.utf8))) != nil }

  @Test(
    "valid values",
    arguments: [
      "0", "-0", "10", "1.5", "-1.5e+10", "1E-2", "0e1", "true", "false", "null", "[]", "{}", "[ 1 , 2 ]", #""""#,
      #""\"\\\/\b\f\n\r\t\u0041""#, #""é🐭""#, #"{"a":1,"b":{"a":2}}"#, " \t\r\n1 ", #""\ud83d\udc2d""#, #""\uFFFF""#,
    ])
  func valid(_ text: String) { #expect(accepts(text)) }

  @Test(
    "invalid values",
    arguments: [
      "", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "nul", "True", "truex", "[1,]", "[,1]", "[1 2]", "[", "{",
      "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{a:1}"#, #"{'a':1}"#, #"{"a":1"b":2}"#, #"""#, #""\x""#, #""\u12""#,
      #""\u12G4""#, "\"\n\"", "\"\u{1}\"", "NaN", "Infinity", "1 2", "// x", #""\"#, #""\ud83d""#, #""\udc2d""#,
      #""\ud83d\u0041""#, #""\ud83dx""#, #""\ud83d\ud83d""#, #""\u0000""#, "\"\u{0}\"", "1}", #"{"a":1,"a":1}"#,
      #"{"a":1,"\u0061":1}"#, #"{"sku":1,"s\u006bu":1}"#, #"[{"x":{"y":0,"y":0}}]"#,
    ])
  func invalid(_ text: String) { #expect(!accepts(text)) }

  @Test("escapes are read, surrogate pairs joined, and keys may have them too")
  func escapes() throws {
    let body =
      BadInputTests.order()
      .replacing(#""customer_id":"cust-1""#, with: #""customer\u005fid":"c\u0075st\/\"\\""#)
      .dropLast() + #","subject":"\ud83d\udc2d \u00e9""# + "}"
    let message = try decode(Array(body.utf8))
    #expect(message.envelope.subject == "🐭 é")
    guard case .orderCreated(let order) = message.event else {
      Issue.record("\(message.event)")
      return
    }
    #expect(order.customerID.value == #"cust/"\"#)
  }

  @Test("half a surrogate pair names its field")
  func loneSurrogate() {
    #expect(
      whyRefused(Array(BadInputTests.order(sku: #""a\ud83d""#).utf8))
        == Malformed(field: "data.lines[1].sku", value: #"a\ud83d"#, rule: "without lone surrogates"))
  }

  @Test("a key that comes twice is refused at any depth")
  func duplicates() {
    let rule = "at most once in its object"
    func field(_ body: String) -> Malformed? { whyRefused(Array(body.utf8)) }
    #expect(
      field(BadInputTests.order(extra: #","id":"evt-1""#)) == Malformed(field: "id", value: "there twice", rule: rule))
    #expect(
      field(BadInputTests.order(quantity: #"2,"quantity":2"#))
        == Malformed(field: "data.lines[1].quantity", value: "there twice", rule: rule))
    #expect(
      field(BadInputTests.order(extra: #","x":{"y":[0,{"z":1,"z":1}]}"#))
        == Malformed(field: "x.y[1].z", value: "there twice", rule: rule))
  }

  @Test("each key that a contract knows is refused when it comes twice", arguments: WireField.allCases)
  func knownDuplicates(_ field: WireField) {
    let name = field == .unknown ? "note" : field.rawValue
    #expect(
      throws: Malformed(field: name, value: "there twice", rule: "at most once in its object")
    ) { try RawJSON(Array(#"{"\#(name)":1,"id_":2,"\#(name)":1}"#.utf8)) }
  }

  @Test(
    "what is no JSON at all says where reading stopped",
    arguments: [
      ("hello", "body is hello, must be an object"),
      ("", "body is its end at byte 0, must be JSON with an object there"),
      ("[]", "body is [], must be an object"),
      (#"{"id":"a""#, "body is its end at byte 9, must be JSON with a comma or } there"),
      (#"{"id":"a} "#, "body is its end at byte 10, must be JSON with the end of a string there"),
      (#"{"x":tru}"#, "body is tru} at byte 5, must be JSON with a value there"),
    ])
  func notJSON(_ body: String, _ reason: String) {
    #expect(whyRefused(Array(body.utf8))?.description == reason)
  }

  @Test("nothing may follow the object")
  func trailing() {
    let body = BadInputTests.order()
    #expect(whyRefused(Array((body + " \n").utf8)) == nil)
    #expect(
      whyRefused(Array((body + "x").utf8))
        == Malformed(
          field: "body", value: "x at byte \(body.utf8.count)", rule: "JSON with nothing after the object there"))
  }

  @Test("nested 10,000 deep", arguments: [("[", "]"), (#"{"a":"#, "}")])
  func deep(_ open: String, _ close: String) {
    func nested(_ depth: Int) -> [UInt8] {
      let value = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
      return Array(BadInputTests.order(extra: #","x":"# + value).utf8)
    }
    let refused = Malformed(field: "body", value: "depth 65", rule: "nested at most 64 deep")
    #expect(whyRefused(nested(10_000)) == refused)
    #expect(whyRefused(nested(64)) == refused)
    #expect(whyRefused(nested(63)) == nil)
  }

  @Test("a body of 10 MB, and one of exactly 1 MiB")
  func large() {
    #expect(
      whyRefused([UInt8](repeating: 0x20, count: 10_000_000))
        == Malformed(field: "body", value: "10000000 bytes", rule: "at most 1048576 bytes"))
    let body = Array(BadInputTests.order().utf8)
    #expect(whyRefused(body + [UInt8](repeating: 0x20, count: Limits.bodyBytes - body.count)) == nil)
  }

  @Test("as many unknown keys as a body can have are skipped, and one of them that comes twice is found")
  func manyKeys() {
    let keys = (0..<80_000).map { ",\"k\($0)\":1" }.joined()
    #expect(whyRefused(Array(BadInputTests.order(extra: keys).utf8)) == nil)
    #expect(whyRefused(Array(BadInputTests.order(extra: keys + ",\"k7\":1").utf8))?.value == "there twice")
  }

  @Test("numbers and objects that only pass through stay as they were")
  func verbatim() throws {
    let body =
      #"{"specversion":"1.0","id":"1","source":"s","type":"product.registered","time":"2026-11-21T09:30:00Z","#
      + #""data":{"sku":"A","name":"n","unit_price":29.9900000000000000000001E+2,"#
      + #""attributes":{ "z" : 1.10, "a":[ ] }}}"#
    guard case .productRegistered(let product) = try decode(Array(body.utf8)).event else {
      Issue.record("no product.registered")
      return
    }
    #expect(product.unitPrice?.text == "29.9900000000000000000001E+2")
    #expect(product.attributes?.bytes == Array(#"{ "z" : 1.10, "a":[ ] }"#.utf8))
    var json = JSONWriter()
    product.encode(to: &json)
    #expect(String(decoding: json.bytes, as: UTF8.self).contains(#""attributes":{ "z" : 1.10, "a":[ ] }"#))
  }

  @Test("the writer escapes what must be escaped")
  func writer() {
    var json = JSONWriter()
    json.beginArray()
    json.string("\"\\/\u{8}\u{9}\u{A}\u{C}\u{D}\u{0}\u{1F} é🐭")
    json.integer(.min)
    json.bool(true)
    json.beginObject()
    json.member(.sku, "A")
    json.member(.reason, String?.none)
    json.member(.sellable, false)
    json.endObject()
    json.endArray()
    #expect(
      String(decoding: json.bytes, as: UTF8.self)
        == #"["\"\\/\b\t\n\f\r\u0000\u001f é🐭",-9223372036854775808,true,{"sku":"A","sellable":false}]"#)
  }

  @Test(
    "exact numbers are JSON numbers",
    arguments: [
      ("29.90", true), ("-0.5e10", true), ("1.", false), ("", false), ("1 ", false), ("01", false),
      (String(repeating: "1", count: 64), true), (String(repeating: "1", count: 65), false),
    ])
  func exactNumbers(_ text: String, _ isNumber: Bool) {
    #expect((ExactNumber(text)?.text == text) == isNumber)
  }
}
