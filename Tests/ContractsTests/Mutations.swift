import Foundation

/// Changes to a JSON document, one at a time.
enum Mutations {
  enum Step: Hashable {
    case key(String), index(Int)
  }

  /// What each value is replaced by; integers are written as integers only, since a schema takes 1.0 for one.
  private static var replacements: [(String, Any?)] {
    [
      ("removed", nil), ("null", NSNull()), ("0", 0), ("5", 5), ("-1", -1), ("1.5", 1.5),
      ("-1001", -1001), ("1000001", 1_000_001), ("1000000001", 1_000_000_001), ("true", true), ("empty", ""),
      ("'5'", "5"), ("'x y'", "x y"), ("'a_b'", "a_b"), ("'é'", "é"), ("65 letters", String(repeating: "a", count: 65)),
      ("129 letters", String(repeating: "a", count: 129)), ("1001 letters", String(repeating: "a", count: 1001)),
      ("no zone", "2026-11-21T09:30:00"), ("month 13", "2026-13-01T00:00:00Z"), ("a date", "20/11/2026"),
      ("a time", "2026-11-21t09:30:60.5-00:30"), ("U+0000", "a\u{0}b"), ("a schema", "urn:tallyman:event:x:1"),
      ("empty array", [Any]()), ("array", [1]), ("empty object", [String: Any]()),
    ]
  }

  /// Every replacement at every path of the document, with a name.
  static func all(of document: [String: Any]) -> [(String, Any)] {
    paths(document).flatMap { path in
      replacements.map { name, value in
        ("\(Mutations.name(path)) \(name)", changing(document, at: path[...]) { _ in value })
      }
    }
  }

  /// How a refusal names the path.
  static func name(_ path: [Step]) -> String {
    path.reduce(into: "") { text, step in
      switch step {
      case .key(let key): text += text.isEmpty ? key : ".\(key)"
      case .index(let index): text += "[\(index)]"
      }
    }
  }

  /// The document with another value, or none, at the path.
  static func changing(_ value: Any, at path: ArraySlice<Step>, to change: (Any?) -> Any?) -> Any {
    guard let step = path.first else { return value }
    let isLast = path.count == 1
    switch step {
    case .key(let key):
      var object = value as? [String: Any] ?? [:]
      object[key] = isLast ? change(object[key]) : object[key].map { changing($0, at: path.dropFirst(), to: change) }
      return object
    case .index(let index):
      var array = value as? [Any] ?? []
      if !isLast {
        array[index] = changing(array[index], at: path.dropFirst(), to: change)
      } else if let changed = change(array[index]) {
        array[index] = changed
      } else {
        array.remove(at: index)
      }
      return array
    }
  }

  /// Paths of what the schema requires and the document has.
  static func requiredPaths(_ schema: [String: Any], in value: Any, at path: [Step] = []) -> [[Step]] {
    if let array = value as? [Any] {
      guard let items = schema["items"] as? [String: Any] else { return [] }
      return array.enumerated().flatMap { requiredPaths(items, in: $1, at: path + [.index($0)]) }
    }
    guard let object = value as? [String: Any] else { return [] }
    let required = (schema["required"] as? [String] ?? []).map { path + [.key($0)] }
    let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
    return required
      + object.keys.sorted().flatMap { key -> [[Step]] in
        guard let property = properties[key], let inner = object[key] else { return [] }
        return requiredPaths(property, in: inner, at: path + [.key(key)])
      }
  }

  private static func paths(_ value: Any, at path: [Step] = []) -> [[Step]] {
    let own = path.isEmpty ? [] : [path]
    if let array = value as? [Any] {
      return own + array.indices.flatMap { paths(array[$0], at: path + [.index($0)]) }
    }
    guard let object = value as? [String: Any] else { return own }
    return own
      + object.keys.sorted().flatMap { key in object[key].map { paths($0, at: path + [.key(key)]) } ?? [] }
  }
}
