import Contracts
import Foundation
import Testing

@testable import ContractPages
@testable import tallyman

@Suite("Published contracts stay")
struct CompatibilityTests {
  @Test("no schema breaks those who go by the published one")
  func current() async throws {
    let run = try await Program.run("contracts", "compare", "--folder", ContractPageTests.contracts)
    #expect(run.code == 0, "a changed meaning is a new version (topology/contracts/README.md): \(run.output)")
  }

  @Test("a published event that no build knows any more, and a broken one, end with 1; nothing is published then")
  func refused() async throws {
    let copy = FileManager.default.temporaryDirectory.appending(path: "contracts-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: copy) }
    try FileManager.default.copyItem(atPath: ContractPageTests.contracts, toPath: copy.path)
    let schema = copy.appending(path: "order.created.v1.schema.json")
    let text = try String(contentsOf: schema, encoding: .utf8)
    let published = copy.appending(path: "published/order.created.v1.schema.json")
    let before = try Data(contentsOf: published)

    try text.replacing("\"customer_id\": {", with: "\"client_id\": {").write(
      to: schema, atomically: true, encoding: .utf8)
    let broken = try await Program.run("contracts", "compare", "--folder", copy.path)
    #expect(broken.code == 1)
    #expect(broken.output.contains("- order.created (for its publishers): data.customer_id: is gone"))
    let publish = try await Program.run("contracts", "publish", "--folder", copy.path)
    #expect(publish.code == 1 && publish.errors.contains("nothing was published"))
    #expect(try Data(contentsOf: published) == before)

    try text.write(to: schema, atomically: true, encoding: .utf8)
    try Data("{}".utf8).write(to: copy.appending(path: "published/order.made.v1.schema.json"))
    let gone = try await Program.run("contracts", "compare", "--folder", copy.path)
    #expect(gone.code == 1 && gone.output.contains("- order.made.v1: is gone"))
    try FileManager.default.removeItem(at: copy.appending(path: "published/order.made.v1.schema.json"))

    try text.replacing("\"maximum\": 1000,", with: "\"maximum\": 2000,").write(
      to: schema, atomically: true, encoding: .utf8)
    #expect(try await Program.run("contracts", "publish", "--folder", copy.path).code == 0)
    #expect(try Data(contentsOf: published) == Data(contentsOf: schema))
    #expect(try await Program.run("contracts", "compare", "--folder", copy.path).output.contains("can go on"))
  }

  /// A schema with one field `f`, required or not, and perhaps others.
  private static func schema(_ field: JSON, required: Bool = true, others: [String: JSON] = [:]) -> JSON {
    .object([
      "type": "object", "required": .array(required ? ["f"] : []),
      "properties": .object(others.merging(["f": field]) { first, _ in first }),
    ])
  }

  private static let number: JSON = ["type": "integer", "minimum": 1, "maximum": 10]
  private static let word: JSON = ["type": "string", "enum": ["a", "b"], "maxLength": 5, "pattern": "^x"]

  /// A change, and whom it breaks.
  struct Change: CustomStringConvertible, Sendable {
    let description: String
    let old: JSON
    let new: JSON
    let breaks: Set<Compatibility.Side>

    init(_ description: String, _ old: JSON, _ new: JSON, breaks: Set<Compatibility.Side>) {
      self.description = description
      self.old = old
      self.new = new
      self.breaks = breaks
    }
  }

  private static let fields: [Change] = [
    Change("nothing", schema(number), schema(number), breaks: []),
    Change("a new optional field", schema(number), schema(number, others: ["g": word]), breaks: []),
    Change(
      "a new field that goes without another one", schema(number, required: false),
      schema(
        schema(number, required: false, others: ["g": word]),
        anyOf: [["properties": ["g": ["enum": [.null]]]], ["properties": ["f": ["type": "null"]]]]),
      breaks: []),
    Change(
      "a rule about a field that was there", schema(number, required: false),
      schema(schema(number, required: false), anyOf: [["properties": ["f": ["enum": [1]]]]]), breaks: [.publishers]),
    Change("a field is gone", schema(number, others: ["g": word]), schema(number), breaks: [.publishers, .consumers]),
    Change("newly required", schema(number, required: false), schema(number), breaks: [.publishers]),
    Change("newly optional", schema(number), schema(number, required: false), breaks: [.consumers]),
    Change("another type", schema(number), schema(["type": "string"]), breaks: [.publishers, .consumers]),
    Change(
      "null as well", schema(number), schema(["type": ["integer", "null"], "minimum": 1, "maximum": 10]),
      breaks: [.consumers]),
    Change("null no more", schema(["type": ["integer", "null"]]), schema(["type": "integer"]), breaks: [.publishers]),
    Change("any type", schema(number), schema([:]), breaks: [.consumers]),
    Change("a type where there was none", schema([:]), schema(["type": "integer"]), breaks: [.publishers]),
  ]

  private static let rules: [Change] = [
    Change("a wider range", schema(number), schema(["type": "integer", "minimum": 0, "maximum": 99]), breaks: []),
    Change(
      "a higher minimum", schema(number), schema(["type": "integer", "minimum": 2, "maximum": 10]),
      breaks: [.publishers]),
    Change(
      "a lower maximum", schema(number), schema(["type": "integer", "minimum": 1, "maximum": 9]),
      breaks: [.publishers]),
    Change("a bound where there was none", schema(["type": "integer"]), schema(number), breaks: [.publishers]),
    Change(
      "one word more",
      schema(word), schema(["type": "string", "enum": ["a", "b", "c"], "maxLength": 5, "pattern": "^x"]), breaks: []),
    Change(
      "one word less", schema(word), schema(["type": "string", "enum": ["a"], "maxLength": 5, "pattern": "^x"]),
      breaks: [.publishers]),
    Change(
      "words where there was any", schema(["type": "string"]), schema(["type": "string", "enum": ["a"]]),
      breaks: [.publishers]),
    Change(
      "shorter", schema(word),
      schema(["type": "string", "enum": ["a", "b"], "maxLength": 4, "pattern": "^x"]), breaks: [.publishers]),
    Change(
      "another pattern", schema(word),
      schema(["type": "string", "enum": ["a", "b"], "maxLength": 5, "pattern": "^y"]), breaks: [.publishers]),
    Change(
      "no pattern any more", schema(word), schema(["type": "string", "enum": ["a", "b"], "maxLength": 5]),
      breaks: []),
    Change(
      "inside an array", schema(["type": "array", "items": schema(number)]),
      schema(["type": "array", "items": schema(number, others: ["g": word])]), breaks: []),
    Change(
      "inside an array, gone", schema(["type": "array", "items": schema(number, others: ["g": word])]),
      schema(["type": "array", "items": schema(number)]), breaks: [.publishers, .consumers]),
    Change(
      "fewer elements", schema(["type": "array", "maxItems": 9]), schema(["type": "array", "maxItems": 8]),
      breaks: [.publishers]),
  ]

  private static let alternatives: [Change] = [
    Change(
      "one of two, one of which was required", schema(number),
      either(schema(number, required: false, others: ["g": word]), ["f", "g"]), breaks: [.consumers]),
    Change(
      "one of two, none of which was required", schema(number, required: false, others: ["g": word]),
      either(schema(number, required: false, others: ["g": word]), ["f", "g"]), breaks: [.publishers]),
  ]

  private static func schema(_ schema: JSON, anyOf alternatives: JSON) -> JSON {
    var members = schema.members ?? [:]
    members["anyOf"] = alternatives
    return .object(members)
  }

  private static func either(_ schema: JSON, _ fields: [String]) -> JSON {
    var schema = schema
    schema["anyOf"] = .array(fields.map { ["required": [.string($0)]] })
    return schema
  }

  @Test("each kind of change breaks whom it breaks, and nobody else", arguments: fields + rules + alternatives)
  func change(_ change: Change) {
    for side in [Compatibility.Side.publishers, .consumers] {
      let found = Compatibility.breaks(from: change.old, to: change.new, for: side)
      #expect(found.isEmpty == !change.breaks.contains(side), "\(side): \(found)")
    }
  }

  @Test("what comes in is looked at from its publishers' side, what goes out from its consumers', ours from both")
  func sides() {
    let topology = TopologyCommand.topology()
    #expect(Compatibility.sides(of: .orderCreated, in: topology) == [.publishers])
    #expect(Compatibility.sides(of: .orderRejected, in: topology) == [.consumers])
    #expect(Compatibility.sides(of: .stockReceived, in: topology) == [.publishers, .consumers])
  }
}
