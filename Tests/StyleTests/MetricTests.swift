import Foundation
import Testing

@Suite("Metrics")
struct MetricTests {
  /// The cases of `MetricName`, by name.
  private func declared() throws -> [String] {
    let files = try SourceTree.swift(under: "Sources/Observability").filter { $0.path.hasSuffix("/MetricName.swift") }
    let text = try #require(files.first).text
    return text.matches(of: /(?m)^  case ([a-zA-Z]+)$/).map { String($0.1) }
  }

  @Test("every metric that is declared is recorded somewhere in the product")
  func allRecorded() throws {
    let names = try declared()
    #expect(names.count > 15, "the table was read")
    let product = try SourceTree.swift(under: "Sources").filter { !$0.path.hasSuffix("/MetricName.swift") }
    let unrecorded = names.filter { name in !product.contains { MetricTests.records($0.text, name) } }
    #expect(unrecorded == [])
  }

  @Test("a metric that is only declared is found")
  func canFail() {
    #expect(MetricTests.records("x = MetricName.batchSize.histogram(consumer)", "batchSize"))
    #expect(!MetricTests.records("case .batchSize: text", "batchSize"))
    #expect(!MetricTests.records("MetricName.batchSizes.counter()", "batchSize"))
  }

  /// A handle is made from the name; the process' own two are given by their definitions.
  private static func records(_ text: String, _ name: String) -> Bool {
    ["counter", "gauge", "histogram", "timer", "definition.name"].contains { text.contains("MetricName.\(name).\($0)") }
  }
}
