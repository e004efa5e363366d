import Contracts
import Messaging

/// Compares a schema with the one that was published, and finds what would break somebody.
///
/// Who publishes an event must be able to go on as before: nothing that was accepted may be refused. Who consumes one
/// must go on finding what was promised: no field may go, become optional, or be of another type. New words of a list
/// are not a break: a consumer has to expect them (topology/contracts/README.md).
public enum Compatibility {
  /// From whose side a schema is looked at.
  public enum Side: Sendable {
    /// Those who publish the event.
    case publishers
    /// Those who consume the event.
    case consumers
  }

  /// Whom a change of an event's schema could break: of events that come from outside their publishers, of ours their
  /// consumers. Workers of two releases run side by side, so what they send each other is looked at from both.
  public static func sides(of type: EventType, in topology: Topology) -> [Side] {
    let publishedByUs = topology.workers.contains { $0.publishes.contains(type) }
    let consumedByUs = topology.workers.contains { $0.consumes.contains(type) }
    return (consumedByUs ? [.publishers] : []) + (publishedByUs ? [.consumers] : [])
  }

  /// What in the schemas at hand breaks somebody who goes by the published ones: a sentence for each, by event and
  /// path.
  public static func breaks(
    from published: [EventType: JSON], to current: ContractFolder, _ topology: Topology
  ) -> [String] {
    EventType.allCases.flatMap { type -> [String] in
      guard let old = published[type] else { return [] }
      return sides(of: type, in: topology).flatMap { side in
        breaks(from: old, to: current.schema(type), for: side).map { "\(type.rawValue) (for its \(side)): \($0)" }
      }
    }
  }

  /// What in `new` breaks somebody who goes by `old`: a sentence for each, by path.
  public static func breaks(from old: JSON, to new: JSON, for side: Side) -> [String] {
    compare(old, new, at: "", side)
  }

  private static func compare(_ old: JSON, _ new: JSON, at path: String, _ side: Side) -> [String] {
    let name = path.isEmpty ? "the message" : path
    var found = types(old, new, name, side) + fields(old, new, at: path, side)
    if side == .publishers { found += narrowed(old, new, name) }
    if let was = old["items"] {
      found += new["items"].map { compare(was, $0, at: path + "[]", side) } ?? []
    }
    return found
  }

  // MARK: Types

  private static func types(_ old: JSON, _ new: JSON, _ name: String, _ side: Side) -> [String] {
    let (was, now) = (types(old), types(new))
    guard !was.isEmpty || !now.isEmpty else { return [] }
    // Nothing said about the type means any.
    let lost = now.isEmpty ? [] : (was.isEmpty ? ["any"] : was.subtracting(now).sorted())
    let gained = was.isEmpty ? [] : (now.isEmpty ? ["any"] : now.subtracting(was).sorted())
    switch side {
    case .publishers: return lost.isEmpty ? [] : ["\(name): no longer accepts \(lost.joined(separator: ", "))"]
    case .consumers: return gained.isEmpty ? [] : ["\(name): may now be \(gained.joined(separator: ", "))"]
    }
  }

  private static func types(_ schema: JSON) -> Set<String> {
    switch schema["type"] {
    case .string(let name): [name]
    case .array(let names): Set(names.compactMap(\.text))
    default: []
    }
  }

  // MARK: Fields

  private static func fields(_ old: JSON, _ new: JSON, at path: String, _ side: Side) -> [String] {
    let (was, now) = (old["properties"]?.members ?? [:], new["properties"]?.members ?? [:])
    let (needed, needs) = (required(old), required(new))
    func inside(_ field: String) -> String { path.isEmpty ? field : "\(path).\(field)" }
    var found: [String] = []
    for (field, schema) in was.sorted(by: { $0.key < $1.key }) {
      guard let present = now[field] else {
        found.append("\(inside(field)): is gone")
        continue
      }
      found += compare(schema, present, at: inside(field), side)
    }
    switch side {
    case .publishers: found += needs.subtracting(needed).sorted().map { "\(inside($0)): is required now" }
    case .consumers: found += needed.subtracting(needs).sorted().map { "\(inside($0)): may be absent now" }
    }
    return found
  }

  private static func required(_ schema: JSON) -> Set<String> {
    Set(schema["required"]?.elements?.compactMap(\.text) ?? [])
  }

  // MARK: Rules that have become narrower

  private static func narrowed(_ old: JSON, _ new: JSON, _ name: String) -> [String] {
    var found: [String] = []
    for bound in ["minimum", "minLength", "minItems"] {
      guard let now = new[bound]?.integer, now > old[bound]?.integer ?? .min else { continue }
      found.append("\(name): \(bound) is \(now) now, was \(said(old[bound]))")
    }
    for bound in ["maximum", "maxLength", "maxItems"] {
      guard let now = new[bound]?.integer, now < old[bound]?.integer ?? .max else { continue }
      found.append("\(name): \(bound) is \(now) now, was \(said(old[bound]))")
    }
    if let pattern = new["pattern"], pattern != old["pattern"] {
      found.append("\(name): the pattern is \(said(pattern)) now, was \(said(old["pattern"]))")
    }
    let (words, known) = (values(old), values(new))
    if let known {
      let lost = words.map { $0.subtracting(known).map { said($0) }.sorted() } ?? ["anything"]
      if !lost.isEmpty { found.append("\(name): no longer accepts \(lost.joined(separator: ", "))") }
    }
    for key in ["anyOf", "not", "additionalProperties"] where new[key] != nil && new[key] != old[key] {
      if key == "anyOf", new[key]?.elements?.contains(where: { isImplied($0, by: old) }) == true { continue }
      found.append("\(name): \(key) is new or another one")
    }
    return found
  }

  /// The words that a schema accepts, where it lists them.
  private static func values(_ schema: JSON) -> Set<JSON>? {
    schema["enum"]?.elements.map(Set.init) ?? schema["const"].map { [$0] }
  }

  /// Whether everything that goes by the old schema satisfies an alternative, which asks for fields and their types:
  /// also one that speaks of a new field only, and lets it be absent.
  private static func isImplied(_ alternative: JSON, by old: JSON) -> Bool {
    guard Set((alternative.members ?? [:]).keys).isSubset(of: ["required", "properties"]),
      required(alternative).isSubset(of: required(old))
    else { return false }
    return (alternative["properties"]?.members ?? [:]).allSatisfy { field, schema in
      guard let was = old["properties"]?[field] else { return true }
      let had = types(was)
      return !had.isEmpty && had.isSubset(of: types(schema))
    }
  }

  private static func said(_ value: JSON?) -> String {
    switch value {
    case .int(let number): "\(number)"
    case .string(let text): "\"\(text)\""
    case .bool(let flag): "\(flag)"
    case .null: "null"
    case nil: "not there"
    default: "something else"
    }
  }
}
