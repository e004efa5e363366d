import Contracts
import Testing

@Suite("Identifiers and refusals")
struct IdentifierTests {
  @Test(
    "SKUs",
    arguments: [
      ("A", true), ("ABC-12345", true), ("a.b_c/d-e", true), ("9", true), (String(repeating: "x", count: 64), true),
      (String(repeating: "x", count: 65), false), ("", false), ("-A", false), ("A B", false), ("Ä", false),
      ("A\u{0}", false), ("A,B", false), ("A+B", false), ("A0:", false), ("@A", false), ("A`", false), ("A{", false),
    ])
  func skus(_ text: String, _ isValid: Bool) {
    #expect(((try? SKU(text))?.value == text) == isValid)
    #expect(((try? LocationID(text))?.value == text) == isValid)
  }

  @Test(
    "other ids",
    arguments: [
      ("!~", true), (String(repeating: "x", count: 128), true), (String(repeating: "x", count: 129), false),
      ("", false),
      ("a b", false), ("a\u{7F}", false), ("é", false),
    ])
  func tokens(_ text: String, _ isValid: Bool) {
    #expect(((try? OrderID(text))?.value == text) == isValid)
    #expect(((try? ShipmentID(text))?.description == text) == isValid)
  }

  @Test("a refused id says why")
  func refusedIDSaysWhy() {
    #expect(
      throws: Malformed(field: "identifier", value: "a b", rule: "1 to 128 printable ASCII characters without space")
    ) { try OrderID("a b") }
  }

  @Test("identifiers sort by their bytes")
  func order() {
    let sorted = ["A", "A-1", "A.1", "A/1", "A1", "AB", "A_1", "Aa", "B", "a"].map { SKU(trusted: $0) }
    #expect(sorted.shuffled().sorted() == sorted)
  }

  @Test("values are shown shortened, with everything escaped that does not print")
  func shown() {
    func shown(_ value: String) -> String { Malformed(field: "f", value: value, rule: "r").value }
    #expect(shown("a\n\u{0}\u{1B}[31mé🐭") == #"a\u{a}\u{0}\u{1b}[31mé🐭"#)
    #expect(shown("\u{202E}abc\u{2028}") == #"\u{202e}abc\u{2028}"#)
    #expect(shown(String(repeating: "x", count: 80)) == String(repeating: "x", count: 80))
    #expect(shown(String(repeating: "é", count: 81)) == String(repeating: "é", count: 79) + "…")
    #expect(shown(String(repeating: "\u{1}", count: 100)).unicodeScalars.count <= 80)
  }
}
