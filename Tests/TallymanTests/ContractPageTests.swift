import Contracts
import Foundation
import Messaging
import PipelineKit
import TestServers
import Testing

@testable import ContractPages
@testable import tallyman

@Suite("Pages made of the contracts")
struct ContractPageTests {
  static let contracts = Program.repository.appending(path: "topology/contracts").path
  private let topology = TopologyCommand.topology()
  // Read and made once for all tests.
  private static let read = Result { try ContractFolder(contracts) }
  private static let referencePage = Result {
    ReferencePage(try read.get(), TopologyCommand.topology()).markdown.components(separatedBy: "\n## ")
  }
  private var folder: ContractFolder { get throws { try ContractPageTests.read.get() } }

  /// Whether a file is what this build prints. With `UPDATE_SNAPSHOTS=1` it is written anew.
  private func isCurrent(_ path: String, _ text: String) throws -> Bool {
    let file = Program.repository.appending(path: path)
    if ProcessInfo.processInfo.environment["UPDATE_SNAPSHOTS"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    return try String(contentsOf: file, encoding: .utf8) == text
  }

  @Test("the files are what this build prints")
  func snapshots() throws {
    let how: Comment = "write them anew: UPDATE_SNAPSHOTS=1 swift test --filter ContractPageTests"
    #expect(try isCurrent("topology/asyncapi.json", AsyncAPICommand.text(folder) + "\n"), how)
    #expect(try isCurrent("topology/contracts/REFERENCE.md", ReferencePage(folder, topology).markdown), how)
    #expect(try isCurrent("topology/contracts/BAD-INPUT.md", BadInputTable(folder).markdown()), how)
  }

  @Test("the commands print them too")
  func commands() async throws {
    let folder = ["--folder", ContractPageTests.contracts]
    for (command, path) in [
      (["asyncapi"], "asyncapi.json"), (["contracts", "reference"], "contracts/REFERENCE.md"),
      (["contracts", "bad-input"], "contracts/BAD-INPUT.md"),
    ] {
      let run = try await Program.run(command + folder)
      let file = Program.repository.appending(path: "topology/\(path)")
      #expect(run.code == 0 && run.errors.isEmpty)
      #expect(try run.output == String(contentsOf: file, encoding: .utf8), "\(command)")
      let nowhere = try await Program.run(command + ["--folder", "nowhere"])
      #expect(nowhere.code == 2 && nowhere.errors.contains("nowhere"), "\(nowhere)")
    }
  }

  // MARK: AsyncAPI

  /// What Python's checker finds in a document.
  private func faults(_ document: JSON) throws -> [String] {
    let file = FileManager.default.temporaryDirectory.appending(path: "asyncapi-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try PrettyJSON.text(document).write(to: file, atomically: true, encoding: .utf8)
    let script = Program.repository.appending(path: "Tests/TallymanTests/asyncapi.py").path
    let output = try Child.run([
      "/bin/sh", "-c", #"python3 "$1" "$2" 2>&1 || true"#, "check", script, file.path,
    ])
    return output.split(separator: "\n").map(String.init)
  }

  private func document() throws -> JSON { AsyncAPIDocument(try folder, topology, version: "1.0.0").json }

  @Test("every reference resolves, payloads are schemas, examples validate, all required objects are there")
  func asyncAPI() throws { #expect(try faults(document()) == []) }

  @Test("each kind of fault is found")
  func asyncAPIFaults() throws {
    let message = ["components", "messages", "order.created"]
    let operation = ["operations", "allocation-worker.receives.order.created"]
    let breakages: [(path: [String], value: JSON?, says: String)] = [
      (["info", "title"], nil, "lacks title"),
      (["asyncapi"], "2.6.0", "must be 3.0.0"),
      (["servers", "broker", "host"], nil, "lacks host"),
      (operation + ["action"], "publish", "must be send or receive"),
      (operation + ["channel"], ["$ref": "#/channels/nowhere"], "which is not there"),
      (operation + ["messages"], [["$ref": "#/components/messages/order.created"]], "must be in #/channels/"),
      (["channels", "order.created", "messages"], [:], "carries no message"),
      (["channels", "order.created", "adress"], "x", "has adress, which a channel object has not"),
      (message + ["payload"], nil, "has no payload"),
      (message + ["examples"], [], "has no example"),
      (message + ["examples"], [["payload": ["specversion": "1.0"]]], "is a required property"),
      (["components", "schemas", "order.created", "type"], "objekt", "is no JSON Schema"),
      (message + ["correlationId", "location"], "somewhere", "must be a runtime expression"),
    ]
    let whole = try document()
    for (path, value, says) in breakages {
      let broken = Mutation.changing(whole, at: path.map(Mutation.Step.key)[...], to: value)
      let found = try faults(broken)
      #expect(found.contains { $0.contains(says) }, "\(path): \(found)")
    }
  }

  @Test("every event has a channel, and every worker an operation for what it consumes and publishes")
  func operations() throws {
    let document = try document()
    #expect(Set(document["channels"]?.members?.keys.map(\.self) ?? []) == Set(EventType.allCases.map(\.rawValue)))
    let declared = topology.workers.flatMap { worker in
      worker.consumes.map { "\(worker.consumer)-worker.receives.\($0.rawValue)" }
        + worker.publishes.map { "\(worker.consumer)-worker.sends.\($0.rawValue)" }
    }
    #expect(Set(document["operations"]?.members?.keys.map(\.self) ?? []) == Set(declared))
    for type in EventType.allCases {
      let channel = document["channels"]?[type.rawValue]
      #expect(channel?["x-published-by"]?.elements?.isEmpty == false, "\(type)")
      #expect(channel?["x-consumed-by"]?.elements?.isEmpty == false, "\(type)")
    }
  }

  // MARK: Fields

  @Test("the reference has every field of every event", arguments: EventType.allCases)
  func reference(type: EventType) throws {
    let sections = try ContractPageTests.referencePage.get()
    let section = try #require(sections.first { $0.hasPrefix("\(type.rawValue)\n") })
    for field in BadInputTable.fields(try folder.payload(type), inside: "data") {
      #expect(section.contains("\n| `\(field.dropFirst("data.".count))` | "), "\(field)")
    }
    #expect(section.contains("```json\n{"))
  }

  @Test("every field of every event refuses something", arguments: EventType.allCases)
  func badInput(type: EventType) throws {
    // An order of which nothing is reserved has no allocations, and so its example none to damage.
    let empty = type == .orderBackordered ? "data.lines[].allocations[]." : "nothing"
    #expect(try BadInputTable(folder).silentFields(of: type).filter { !$0.hasPrefix(empty) } == [])
  }

  // MARK: What follows what

  @Test("what was seen to follow an event is what the pages say may follow")
  func answers() async throws {
    try await withHouse { house in
      try await house.script(
        """
        create table heard (body bytea not null);
        create function hear() returns trigger language plpgsql security definer
          set search_path = tallyman, pg_catalog, pg_temp as
          $$ begin insert into heard values (new.body); return new; end $$;
        create trigger hear after insert on outbox for each row when (new.exchange <> '') execute function hear();
        """)
      try await World.build(in: house)
      let pairs = try await house.inspect { connection in
        let rows = try connection.query(
          .once(
            """
            select distinct i.body, h.body from heard h
            join inbox i on i.message_id = convert_from(h.body, 'UTF8')::json ->> 'causationid'
            where i.outcome = 'applied'
            """))
        return try (0..<rows.count).map { row in
          try (0...1).map { column in
            try IncomingMessage.decode(
              body: rows.bytes(row, column), contentType: OutgoingEvent.contentType, messageID: nil, routingKey: nil
            ).envelope.type
          }
        }
      }
      #expect(pairs.count > 20)
      for pair in Set(pairs) {
        #expect(
          Answers.to(pair[0]).contains(pair[1]), "\(pair[0].rawValue) is followed by \(pair[1].rawValue): Answers")
      }
      try await house.script("drop trigger hear on outbox; drop function hear; drop table heard")
    }
  }
}
