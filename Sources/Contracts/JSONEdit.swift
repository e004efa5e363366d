/// Changes one value of a JSON document and leaves every other byte as it was: no number is read and written again.
public struct JSONEdit: Sendable, Hashable {
  /// Where, as a dead letter's reason names it, such as `data.lines[0].quantity`.
  public let path: String
  /// The new value's JSON text.
  public let value: [UInt8]
  /// What stood there, as JSON text; nil where the field was absent.
  public let was: [UInt8]?
  /// The other way in which the new value could be read; nil where it leaves no choice.
  public let other: Reading?
  /// The whole document after the change.
  public let document: [UInt8]

  /// How the new value is read.
  public enum Reading: Sendable, Hashable {
    /// Where a string stood, as text unless it is quoted; else as JSON if it is JSON, or as text.
    case asBefore
    /// As JSON, or as text where it is none.
    case json
    /// As text, quotes and all.
    case text
  }

  /// Puts a value in its place; a field that its object lacks is added.
  ///
  /// - Parameters:
  ///   - path: Names separated by dots, indexes in brackets.
  ///   - text: The new value.
  ///   - document: A JSON object.
  ///   - reading: How `text` is read.
  /// - Throws: ``Malformed`` when the document is no JSON or has no such place.
  public init(_ path: String, to text: String, in document: [UInt8], reading: Reading = .asBefore) throws(Malformed) {
    let steps = try JSONEdit.steps(path)
    let bytes = document.span
    var whole = JSONCursor()
    try whole.skip(bytes)
    try whole.end(bytes)
    var json = JSONCursor()
    self.path = path
    switch try JSONEdit.find(steps[...], path, &json, bytes) {
    case .value(let range):
      let old = Array(document[range])
      was = old
      (value, other) = JSONEdit.value(text, inPlaceOf: old, reading)
      self.document = Array(document[..<range.lowerBound]) + value + Array(document[range.upperBound...])
    case .missing(let name, let end, let isEmpty):
      was = nil
      (value, other) = JSONEdit.value(text, inPlaceOf: [], reading)
      var member = JSONWriter()
      member.string(name)
      let added = Array((isEmpty ? "" : ",").utf8) + member.bytes + [UInt8(ascii: ":")] + value
      self.document = Array(document[..<end]) + added + Array(document[end...])
    }
  }

  /// The value as text for people: a string without its quotes.
  public static func shown(_ json: [UInt8]?) -> String {
    guard let json else { return "absent" }
    var cursor = JSONCursor()
    return (try? cursor.string(json.span, .unknown)) ?? String(decoding: json, as: UTF8.self)
  }

  // MARK: Finding the place

  private enum Step: Hashable {
    case name(String)
    case index(Int)
  }

  private enum Place {
    case value(Range<Int>)
    /// An object lacks the last name; it ends at this byte.
    case missing(String, end: Int, isEmpty: Bool)
  }

  private static func steps(_ path: String) throws(Malformed) -> [Step] {
    var steps: [Step] = []
    for part in path.split(separator: ".", omittingEmptySubsequences: false) {
      let name = part.prefix { $0 != "[" }
      if !name.isEmpty { steps.append(.name(String(name))) }
      var rest = part.dropFirst(name.count)
      while rest.first == "[", let close = rest.firstIndex(of: "]"), let index = Int(rest.dropFirst()[..<close]),
        index >= 0
      {
        steps.append(.index(index))
        rest = rest[rest.index(after: close)...]
      }
      guard rest.isEmpty, !part.isEmpty else { throw wrongPath(path) }
    }
    guard case .name? = steps.first else { throw wrongPath(path) }
    return steps
  }

  private static func wrongPath(_ path: String) -> Malformed {
    Malformed(field: "path", value: path, rule: "names separated by dots, indexes in brackets: data.lines[0].quantity")
  }

  private static func find(
    _ steps: ArraySlice<Step>, _ path: String, _ json: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(Malformed) -> Place {
    guard let step = steps.first else {
      _ = json.peek(bytes)
      let start = json.offset
      try json.skip(bytes)
      return .value(start..<json.offset)
    }
    switch step {
    case .name(let name):
      guard json.take(UInt8(ascii: "{"), bytes) else { throw noSuch(path, "is not in an object") }
      return try findMember(name, steps.dropFirst(), path, &json, bytes)
    case .index(let index):
      guard json.take(UInt8(ascii: "["), bytes) else { throw noSuch(path, "is not in an array") }
      for _ in 0..<index {
        guard json.peek(bytes) != UInt8(ascii: "]") else { throw noSuch(path, "the array has no such element") }
        try json.skip(bytes)
        guard json.take(UInt8(ascii: ","), bytes) else { throw noSuch(path, "the array has no such element") }
      }
      guard json.peek(bytes) != UInt8(ascii: "]") else { throw noSuch(path, "the array has no such element") }
      return try find(steps.dropFirst(), path, &json, bytes)
    }
  }

  private static func findMember(
    _ name: String, _ rest: ArraySlice<Step>, _ path: String, _ json: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(Malformed) -> Place {
    var isEmpty = true
    while json.peek(bytes) != UInt8(ascii: "}") {
      if !isEmpty { _ = json.take(UInt8(ascii: ","), bytes) }
      isEmpty = false
      let key = try json.string(bytes, .unknown)
      _ = json.take(UInt8(ascii: ":"), bytes)
      if key == name { return try find(rest, path, &json, bytes) }
      try json.skip(bytes)
    }
    guard rest.isEmpty else { throw noSuch(path, "\(name) is absent") }
    return .missing(name, end: json.offset, isEmpty: isEmpty)
  }

  private static func noSuch(_ path: String, _ why: String) -> Malformed {
    Malformed(field: path, value: why, rule: "a place in the message's body")
  }

  // MARK: The value

  private static func value(
    _ text: String, inPlaceOf old: [UInt8], _ reading: Reading
  ) -> (value: [UInt8], other: Reading?) {
    let bytes = Array(text.utf8)
    let isText =
      switch reading {
      case .asBefore: old.first == UInt8(ascii: "\"") && bytes.first != UInt8(ascii: "\"")
      case .json: false
      case .text: true
      }
    let isJSON = isJSON(bytes)
    // Whoever sets quotes means text.
    let other: Reading? = !isJSON || bytes.first == UInt8(ascii: "\"") ? nil : isText ? .json : .text
    if !isText, isJSON { return (bytes, other) }
    var json = JSONWriter()
    json.string(text)
    return (json.bytes, other)
  }

  private static func isJSON(_ bytes: [UInt8]) -> Bool {
    var json = JSONCursor()
    do throws(Malformed) {
      try json.skip(bytes.span)
      try json.end(bytes.span)
      return true
    } catch {
      return false
    }
  }
}
