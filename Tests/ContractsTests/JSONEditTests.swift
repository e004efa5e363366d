import Contracts
import Testing

@Suite("A correction of a message")
struct JSONEditTests {
  private func edit(_ path: String, _ value: String, in text: String) throws -> String {
    String(decoding: try JSONEdit(path, to: value, in: Array(text.utf8)).document, as: UTF8.self)
  }

  @Test("changes one value and no other byte")
  func oneValue() throws {
    let text = #"{ "a" : 1.10, "data":{"lines":[{"q":1}, {"q" : 2 ,"x":"\u00e4"}]} }"#
    #expect(try edit("data.lines[1].q", "5", in: text) == text.replacing(#""q" : 2 "#, with: #""q" : 5 "#))
    #expect(try edit("a", "2", in: text) == text.replacing("1.10", with: "2"))
    #expect(try edit("data.lines[0]", "{}", in: text) == text.replacing(#"{"q":1}"#, with: "{}"))
  }

  @Test("a string stays a string, whatever it looks like; else JSON is JSON and the rest is text")
  func kinds() throws {
    #expect(try edit("a", "7", in: #"{"a":"x"}"#) == #"{"a":"7"}"#)
    #expect(try edit("a", #""7""#, in: #"{"a":"x"}"#) == #"{"a":"7"}"#)
    #expect(try edit("a", "7", in: #"{"a":0}"#) == #"{"a":7}"#)
    #expect(try edit("a", #""7""#, in: #"{"a":0}"#) == #"{"a":"7"}"#)
    #expect(try edit("a", #"say "hi""#, in: #"{"a":0}"#) == #"{"a":"say \"hi\""}"#)
    #expect(try edit("a", "null", in: #"{"a":0}"#) == #"{"a":null}"#)
  }

  @Test("what may be a number or a text can be read the other way, but for what stands in quotes")
  func readings() throws {
    func reading(_ value: String, in text: String, _ reading: JSONEdit.Reading) throws -> (String, JSONEdit.Reading?) {
      let edit = try JSONEdit("a", to: value, in: Array(text.utf8), reading: reading)
      return (String(decoding: edit.value, as: UTF8.self), edit.other)
    }
    #expect(try reading("2", in: #"{"a":"1"}"#, .asBefore) == (#""2""#, .json))
    #expect(try reading("2", in: #"{"a":"1"}"#, .json) == ("2", .text))
    #expect(try reading("2", in: #"{"a":1}"#, .asBefore) == ("2", .text))
    #expect(try reading("2", in: #"{"a":1}"#, .text) == (#""2""#, .json))
    #expect(try reading("x", in: #"{"a":1}"#, .asBefore) == (#""x""#, nil))
    #expect(try reading(#""2""#, in: #"{"a":1}"#, .asBefore) == (#""2""#, nil))
  }

  private static let order = #"""
    {"specversion":"1.0","id":"m","source":"s","type":"order.created","time":"2026-11-21T09:30:00Z","note":1,
     "data":{"order_id":"o","customer_id":"c","lines":[{"sku":"A","quantity":2}],"colour":"red"}}
    """#

  private func refusal(_ path: String) throws -> Malformed? {
    let added = try JSONEdit(path, to: "7", in: Array(JSONEditTests.order.utf8), reading: .json).document
    let body = Array(JSONEditTests.order.utf8)
    let message = try IncomingMessage.decode(
      body: body, contentType: OutgoingEvent.contentType, messageID: nil, routingKey: nil)
    // Whether the place is in the message already makes no difference.
    for document in [body, added] {
      do throws(Malformed) { try ReadPlace(in: document, saying: message).require(path) } catch { return error }
    }
    return nil
  }

  @Test(
    "each field that the contract of a message has is known, whether it is there or not",
    arguments: [
      "id", "time", "type", "subject", "sequence", "datacontenttype", "data", "data.order_id", "data.priority",
      "data.lines", "data.lines[0]", "data.lines[0].quantity", "data.lines[0].line", "data.backorder",
      "data.destination",
    ])
  func known(path: String) throws { #expect(try refusal(path) == nil) }

  @Test(
    "a place that nobody reads is refused with the nearest that is read",
    arguments: [
      ("data.lines[0].quantiy", "data.lines[0].quantity"), ("data.costumer_id", "data.customer_id"), ("tme", "time"),
      ("data.unit", nil), ("data.colour", nil), ("note", nil), ("data.lines[0].lot", nil),
    ])
  func unknown(path: String, nearest: String?) throws {
    let refusal = try #require(try refusal(path))
    let rule = "one that its contract has" + (nearest.map { ", such as \($0)" } ?? "")
    #expect(refusal.description == "\(path) is not a field of order.created, must be \(rule)")
  }

  @Test("a field that is absent is added to its object")
  func absent() throws {
    #expect(try edit("b", "1", in: #"{"a":0}"#) == #"{"a":0,"b":1}"#)
    #expect(try edit("d.b", "x", in: #"{"d":{}}"#) == #"{"d":{"b":"x"}}"#)
    #expect(try JSONEdit("b", to: "1", in: Array("{}".utf8)).was == nil)
  }

  @Test(
    "a place that is not there is refused with its path",
    arguments: ["x.y", "a[0]", "l[2]", "l[0].q", "l[-1]", "", "a..b", "[0]", "l[", "a."])
  func noPlace(path: String) {
    #expect(throws: Malformed.self) { try edit(path, "1", in: #"{"a":0,"l":[1,2]}"#) }
  }

  @Test("what is no JSON cannot be corrected", arguments: ["", "hello", "{", #"{"a":1}x"#, #"{"a":tru}"#])
  func noJSON(text: String) {
    #expect(throws: Malformed.self) { try edit("a", "1", in: text) }
  }
}
