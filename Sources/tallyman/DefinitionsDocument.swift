import FoundationEssentials
import Messaging

/// The text of `topology/definitions.json`: one line for each thing, so that a change of it is a line of a diff.
enum DefinitionsDocument {
  /// - Parameter withoutUsers: Whether users are left out, and with them what they may do.
  /// - Returns: JSON, without its last line break.
  static func text(_ topology: Topology, withoutUsers: Bool = false) throws -> String {
    let all = topology.definitions
    var sections = [try section("vhosts", all.vhosts)]
    if !withoutUsers {
      sections.append(try section("users", all.users))
      sections.append(try section("permissions", all.permissions))
      sections.append(try section("topic_permissions", all.topicPermissions))
    }
    sections.append(try section("policies", all.policies))
    sections.append(try section("exchanges", all.exchanges))
    sections.append(try section("queues", all.queues))
    sections.append(try section("bindings", all.bindings))
    return "{\n" + sections.joined(separator: ",\n") + "\n}"
  }

  private static func section(_ name: String, _ things: [some Encodable]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines = try things.map { "    " + String(decoding: try encoder.encode($0), as: UTF8.self) }
    return "  \"\(name)\": [\n" + lines.joined(separator: ",\n") + "\n  ]"
  }
}
