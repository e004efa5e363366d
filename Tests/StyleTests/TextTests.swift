import Foundation
import Testing

@Suite("Style is a test")
struct TextTests {
  @Test("Product code imports no Foundation and has nothing that stops the program on a surprise")
  func productCode() throws {
    let files = try SourceTree.swift(under: "Sources").filter { !$0.path.hasPrefix("Sources/EmbedPlugin/") }
    #expect(!files.isEmpty)
    #expect(files.flatMap { file in TextRule.product.flatMap { $0.violations(in: file) } } == [])
  }

  @Test("Files have at most 400 lines, lines at most 120 characters")
  func sizes() throws {
    let files = try SourceTree.swift(under: "Sources") + SourceTree.swift(under: "Tests")
    #expect(files.flatMap { file in TextRule.swift.flatMap { $0.violations(in: file) } } == [])
  }

  @Test("No unfinished work and no path of somebody's machine in any text file")
  func words() throws {
    let endings: Set = ["swift", "sql", "md", "json", "yml", "yaml", "py", "sh", "h", "modulemap", "txt"]
    let names: Set = ["Makefile", "Dockerfile", "run"]
    let wanted = { (url: URL) in endings.contains(url.pathExtension) || names.contains(url.lastPathComponent) }
    let files =
      try ["Sources", "Tests", "topology", ".ci", ".github"].flatMap { try SourceTree.files(under: $0, where: wanted) }
      + SourceTree.files(under: "") { wanted($0) && $0.deletingLastPathComponent().path == SourceTree.root.path }
    #expect(files.contains { $0.path == "Package.swift" })
    #expect(files.flatMap { file in TextRule.words.flatMap { $0.violations(in: file) } } == [])
  }

  @Test("No folder is named by what it is not")
  func folders() {
    #expect(SourceTree.folders().filter(TextRule.isShapeless) == [])
    #expect(TextRule.isShapeless(folder: "Sources/Stock/Helpers"))
    #expect(TextRule.isShapeless(folder: "Sources/Common/Deep"))
    #expect(!TextRule.isShapeless(folder: "Sources/Stock/Newest"))
  }

  @Test(
    "Each rule of product code finds what it forbids",
    arguments: [
      "import Foundation", "let x = try! parse()", "let x = y as! String", "  fatalError(\"no\")",
      "internal import Foundation",
    ])
  func productRulesCanFail(line: String) {
    let file = SourceTree.File(path: "x.swift", text: "let a = 1\n\(line)\n")
    #expect(TextRule.product.flatMap { $0.violations(in: file) }.map(\.line) == [2])
  }

  @Test(
    "Comments, FoundationEssentials and harmless names pass",
    arguments: [
      "import FoundationEssentials", "/// Never calls fatalError(…), never try! or as!.", "myFatalError()",
      "try? parse()", "let url = \"https://example.com\"",
    ])
  func productRulesPass(line: String) {
    let file = SourceTree.File(path: "x.swift", text: line)
    #expect(TextRule.product.flatMap { $0.violations(in: file) } == [])
  }

  @Test("The rules of size and words find what they forbid")
  func otherRulesCanFail() {
    func broken(_ rules: [TextRule], _ text: String) -> [Int] {
      rules.flatMap { $0.violations(in: .init(path: "x.swift", text: text)) }.map(\.line)
    }
    #expect(broken(TextRule.swift, String(repeating: "\n", count: 400)) == [])
    #expect(broken(TextRule.swift, String(repeating: "\n", count: 401)) == [402])
    #expect(broken(TextRule.swift, String(repeating: "x", count: 120)) == [])
    #expect(broken(TextRule.swift, "\n" + String(repeating: "ü", count: 121)) == [2])
    #expect(broken(TextRule.words, "fine\n// TO" + "DO: later") == [2])
    #expect(broken(TextRule.words, "cd /ro" + "ot/project") == [1])
    #expect(broken(TextRule.words, "https://example.com/wo" + "rk/x, TO" + "DOS") == [])
  }
}
