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
