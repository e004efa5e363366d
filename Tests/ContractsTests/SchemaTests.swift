import Contracts
import Foundation
import Testing

@Suite("Schemas and Swift types say the same")
struct SchemaTests {
  @Test("every type has one schema with its id, and every schema a type")
  func schemasMatchTypes() throws {
    #expect(ContractFiles.schemaNames == EventType.allCases.map { "\($0.rawValue).v\($0.version)" }.sorted())
    for type in EventType.allCases {
      let schema = try ContractFiles.schema(type)
      #expect(schema["$id"] as? String == type.schemaID)
      #expect(schema["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
    }
  }

  @Test("every type has an example with every field that its schema names")
  func fullExamples() throws {
    for type in EventType.allCases {
      let example = try #require(ContractFiles.examples.first { $0.name == type.rawValue })
      var data = try #require(try ContractFiles.object(example.body)["data"] as? [String: Any])
      // A field that cannot stand beside another has an example of its own.
      if let other = ContractFiles.examples.first(where: { $0.name == "\(type.rawValue).alternative" }) {
        data.merge(try #require(try ContractFiles.object(other.body)["data"] as? [String: Any])) { one, _ in one }
      }
      let properties = try ContractFiles.schema(type)["properties"] as? [String: Any]
      let fields = (properties?["data"] as? [String: Any])?["properties"] as? [String: Any]
      #expect(Set(data.keys) == Set(try #require(fields).keys), "\(type)")
    }
  }

  @Test("every example decodes to its type", arguments: ContractFiles.examples)
  func examplesDecode(_ example: ContractFiles.Example) throws {
    let message = try decode(example.body)
    #expect(message.envelope.type == example.type)
    #expect(message.event.type == example.type)
  }

  @Test("every example and every event that Swift encodes is valid for an independent validator")
  func independentlyValid() throws {
    var messages = ContractFiles.examples.map {
      IndependentValidator.Message(name: $0.name, type: $0.type, body: $0.body)
    }
    for (index, event) in Samples.all.enumerated() {
      let body = Samples.outgoing(event).encode()
      messages.append(.init(name: "sample \(index) \(event.type)", type: event.type, body: body))
    }
    for (name, error) in try IndependentValidator.errors(messages) { #expect(error == nil, "\(name)") }
  }

  @Test("Swift and schema accept and refuse the same of all mutated examples")
  func agreement() throws {
    var messages: [IndependentValidator.Message] = []
    for example in ContractFiles.examples where example.isFull {
      for (change, document) in Mutations.all(of: try ContractFiles.object(example.body)) {
        let body = try ContractFiles.bytes(document)
        messages.append(.init(name: "\(example.name): \(change)", type: example.type, body: body))
      }
    }
    let errors = try IndependentValidator.errors(messages)
    var refused = 0
    for message in messages {
      let refusal = whyRefused(message.body, routingKey: message.type.rawValue)
      if let refusal, Self.isBeyondSchemas(refusal) { continue }
      refused += refusal == nil ? 0 : 1
      let verdict =
        "Swift: \(refusal?.description ?? "valid"), schema: \(errors[message.name]?.flatMap(\.self) ?? "valid")"
      #expect((refusal == nil) == (errors[message.name] == .some(nil)), "\(message.name): \(verdict)")
    }
    #expect(refused > 3000, "the mutations hardly break anything")
  }

  /// What JSON Schema cannot say: rules between two fields, and U+0000 anywhere; topology/contracts/README.md lists
  /// them.
  private static func isBeyondSchemas(_ refusal: Malformed) -> Bool {
    if refusal.field.hasPrefix("data.attributes."), refusal.rule.hasPrefix("without U+0000") { return true }
    return [
      "greater than reorder_point", "another location", "unique in its", "present in all lines", "present where",
      "exactly one of",
    ].contains { refusal.rule.hasPrefix($0) }
  }

  @Test("a message without a required field is refused, naming the field", arguments: ContractFiles.examples)
  func missingFields(_ example: ContractFiles.Example) throws {
    let schema = try ContractFiles.schema(example.type)
    let document = try ContractFiles.object(example.body)
    let paths = Mutations.requiredPaths(schema, in: document)
    #expect(paths.count >= 7)
    for path in paths {
      let changed = Mutations.changing(document, at: path[...]) { _ in nil }
      let refusal = try #require(whyRefused(try ContractFiles.bytes(changed)), "\(path)")
      #expect(refusal == Malformed(field: Mutations.name(path), value: "absent", rule: "present"))
    }
  }
}

@Suite struct IntegratorPageTests {
  /// topology/README.md lists each event once, with an example that exists.
  @Test(arguments: EventType.allCases) func everyEventIsOnTheIntegratorsPage(_ type: EventType) throws {
    let page = try String(contentsOf: ContractFiles.folder.appending(path: "../README.md"), encoding: .utf8)
    let row = "| `\(type.rawValue)` |"
    #expect(page.components(separatedBy: row).count == 2, "\(type.rawValue) stands once in topology/README.md")
    #expect(page.contains("(contracts/examples/\(type.rawValue).json)"))
  }
}
