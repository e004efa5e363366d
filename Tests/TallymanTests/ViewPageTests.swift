import Foundation
import PipelineKit
import Testing

@testable import tallyman

@Suite("The page about what programs read")
struct ViewPageTests {
  /// The names in backquotes of a view's row.
  private func documented(_ view: String) throws -> Set<String> {
    let file = Program.repository.appending(path: "topology/OPERATIONS.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let table = try #require(text.range(of: "\n### What programs read\n")).upperBound
    let row = text[table...].split(separator: "\n").first { $0.hasPrefix("| `\(view)` |") }
    let names = try #require(row).matches(of: /`([a-z_ ]+)`/).map { String($0.1) }
    return Set(names.dropFirst())
  }

  /// The names of all fields, however deep.
  private func fields(_ value: Any) -> Set<String> {
    if let list = value as? [Any] { return list.reduce(into: []) { $0.formUnion(fields($1)) } }
    guard let object = value as? [String: Any] else { return [] }
    return object.values.reduce(into: Set(object.keys)) { $0.formUnion(fields($1)) }
  }

  @Test("every field of every view is there")
  func everyField() async throws {
    try await withHouse { house in
      try await World.build(in: house)
      let look = Looker(house: house)
      let views: [(view: String, arguments: [[String]])] = [
        ("stock", [["stock", "A"], ["stock", "P"], ["stock", "Q"]]),
        ("order", [["order", "reserved"], ["order", "waiting"], ["order", "returning"]]),
        ("ledger", [["ledger", "A"], ["ledger", "Q"]]), ("backorders", [["backorders"]]),
        ("reservations", [["reservations"]]), ("low", [["low"]]),
        ("explain order", [["explain", "order", "reserved"], ["explain", "order", "waiting"]]),
      ]
      for (view, arguments) in views {
        var names = try documented(view)
        // What the page says once.
        if view == "explain order" { names.formUnion(try documented("order").union(documented("ledger"))) }
        if view.hasSuffix("order") { names.formUnion(try documented("reservations")) }
        for command in arguments {
          let run = try await look.run(command + ["--json"])
          let found = fields(try JSONSerialization.jsonObject(with: Data(run.output.utf8)))
          #expect(found.count > 5 && found.isSubset(of: names), "\(command): \(found.subtracting(names))")
        }
      }
    }
  }

  @Test("no field is there that no view has")
  func noOther() throws {
    let folder = Program.repository.appending(path: "Sources")
    var declared: Set<String> = []
    for room in ["Views", "tallyman/Views"] {
      for file in try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: room).path) {
        let text = try String(contentsOf: folder.appending(path: "\(room)/\(file)"), encoding: .utf8)
        declared.formUnion(text.matches(of: /(?:let|var) ([A-Za-z]+):[ ]/).map { snakeCase(String($0.1)) })
      }
    }
    for view in ["stock", "order", "explain order", "ledger", "backorders", "reservations", "low"] {
      let names = try documented(view)
      #expect(names.count > 3 && names.isSubset(of: declared), "\(view): \(names.subtracting(declared))")
    }
  }

  private func snakeCase(_ name: String) -> String {
    name.replacing("ID", with: "Id").map { $0.isUppercase ? "_\($0.lowercased())" : String($0) }.joined()
  }
}
