/// One change of a JSON document.
struct Mutation {
  enum Step: Hashable {
    case key(String)
    case index(Int)
  }

  /// The document with another value, or none, at the path.
  static func changing(_ value: JSON, at path: ArraySlice<Step>, to replacement: JSON?) -> JSON {
    guard let step = path.first else { return replacement ?? .null }
    let isLast = path.count == 1
    switch step {
    case .key(let key):
      guard case .object(var object) = value else { return value }
      object[key] = isLast ? replacement : object[key].map { changing($0, at: path.dropFirst(), to: replacement) }
      return .object(object)
    case .index(let index):
      guard case .array(var array) = value, array.indices.contains(index) else { return value }
      if !isLast {
        array[index] = changing(array[index], at: path.dropFirst(), to: replacement)
      } else if let replacement {
        array[index] = replacement
      } else {
        array.remove(at: index)
      }
      return .array(array)
    }
  }

  /// Every path of a document that names a field; of an array only its first element.
  static func paths(_ value: JSON, at path: [Step] = []) -> [[Step]] {
    switch value {
    case .object(let members):
      members.keys.sorted().flatMap { key -> [[Step]] in
        let inner = path + [.key(key)]
        return [inner] + (members[key].map { paths($0, at: inner) } ?? [])
      }
    case .array(let elements):
      elements.first.map { paths($0, at: path + [.index(0)]) } ?? []
    default: []
    }
  }

  /// What a value is replaced by: of other types, beyond bounds, of other words, equal to its neighbours.
  static func replacements(of value: JSON, among siblings: [String: JSON]) -> [JSON?] {
    var all: [JSON?] = [
      nil, .null, 0, -1, 5, .number(1.5), -1001, 1001, 1_000_001, 1_000_000_001, .number(1e300), true, "", "5", "x y",
      "no such word", "é", "a\u{0}b", "\t", "20/11/2026", "2026-11-21T09:30:00", "2026-02-30T00:00:00Z",
      "urn:tallyman:event:x:1", [], [1], [:],
    ]
    all += [65, 129, 201, 256, 257, 501, 1001].map { .string(String(repeating: "a", count: $0)) }
    all += siblings.keys.sorted().compactMap { siblings[$0] }.filter { $0.kind == value.kind && $0 != value }
    if case .array(let elements) = value, let first = elements.first {
      all.append(.array([first, first]))
      all.append(.array(Array(repeating: first, count: 1001)))
    }
    if let number = value.integer { all += [.int(-number), .number(Double(number) + 0.5)] }
    return all
  }
}

extension JSON {
  fileprivate var kind: Int {
    switch self {
    case .object: 0
    case .array: 1
    case .string: 2
    case .int, .number: 3
    case .bool: 4
    case .null: 5
    }
  }

  /// What lies at a path.
  subscript(_ path: ArraySlice<Mutation.Step>) -> JSON? {
    guard let step = path.first else { return self }
    switch step {
    case .key(let key): return self[key]?[path.dropFirst()]
    case .index(let index):
      guard let elements, elements.indices.contains(index) else { return nil }
      return elements[index][path.dropFirst()]
    }
  }
}
