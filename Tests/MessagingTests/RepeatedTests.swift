import Messaging
import Testing

@Suite("Lines of a repetition in words")
struct RepeatedTests {
  @Test("only what differs is named, with both quantities; how lines divide it does not matter")
  func difference() throws {
    let known: Repeated.Parts = [("line 1 at W", 2), ("line 2 at W", 3), ("line 3 at W", 1)]
    #expect(
      Repeated.difference(
        of: known,
        and: [("line 2 at W", 1)] + known.dropFirst(2) + [
          ("line 1 at W", 1), ("line 2 at W", 2), ("line 1 at W", 1),
        ]) == nil)
    let other = try #require(Repeated.difference(of: known, and: [("line 1 at W", 2), ("line 2 at W", 4)]))
    #expect(other.known == "3 of line 2 at W, 1 of line 3 at W")
    #expect(other.new == "4 of line 2 at W, 0 of line 3 at W")
  }

  @Test("of many that differ three are named")
  func many() throws {
    let known = (10..<25).map { (what: "line \($0)", quantity: Int64($0)) }
    let other = try #require(Repeated.difference(of: known, and: []))
    #expect(other.known == "10 of line 10, 11 of line 11, 12 of line 12 and 12 more")
  }
}
