/// Why a message is refused: which field, what was seen there, and what would be right.
public struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
  /// Path of the field, such as `data.lines[3].quantity`; `body` where no field can be named.
  public let field: String
  /// What was seen, at most 80 characters, everything that does not print escaped. Text is shown without its quotes
  /// where text was expected; `absent` stands for a missing field.
  public let value: String
  /// What would be right.
  public let rule: String

  /// A refusal; `value` is shortened and made printable.
  public init(field: String, value: String, rule: String) {
    self.field = field
    self.value = Self.printable(value.utf8.span)
    self.rule = rule
  }

  /// A refusal that shows bytes as they came.
  init(field: String, seen bytes: Span<UInt8>, rule: String) {
    self.field = field
    self.value = Self.printable(bytes)
    self.rule = rule
  }

  /// Field, value and rule in one line.
  public var description: String { "\(field) is \(value), must be \(rule)" }

  /// The same refusal seen from the object that holds the field. A path is thus built only when something is wrong.
  func inside(_ parent: String) -> Malformed {
    if field == Self.body { return self }
    let separator = parent.isEmpty || field.isEmpty || field.hasPrefix("[") ? "" : "."
    return Malformed(field: parent + separator + field, printed: value, rule: rule)
  }

  /// The refusal with a path that is never empty.
  var rooted: Malformed {
    field.isEmpty ? Malformed(field: Self.body, printed: value, rule: rule) : self
  }

  static let body = "body"

  private init(field: String, printed: String, rule: String) {
    self.field = field
    self.value = printed
    self.rule = rule
  }
}
