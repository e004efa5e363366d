import Contracts

/// What a handler decided about one message. The list is closed: every message ends in exactly one of these, and
/// settling and metrics switch over it exhaustively.
public enum Disposition: Sendable {
  /// It took effect; these events follow from it.
  case applied([OutgoingEvent])
  /// It had taken effect before or changes nothing; why, for the log.
  case unchanged(String)
  /// It did not, and why: ``ReasonKind/treatment`` says whether it is tried again or a dead letter for an operator.
  case notApplied(Reason)
}

/// Why a message was not applied: which field, the value found there, and the rule it broke.
public struct Reason: Error, Hashable, Sendable, CustomStringConvertible {
  /// Which of the known ones.
  public let kind: ReasonKind
  /// Path of the field, such as `data.lines[0].sku`.
  public let field: String
  /// The value as seen, shortened and printable.
  public let value: String
  /// What would have been right.
  public let rule: String

  /// A reason naming field, value and rule.
  public init(_ kind: ReasonKind, field: String, value: String, rule: String) {
    self.kind = kind
    self.field = field
    self.value = value
    self.rule = rule
  }

  /// The decoder's finding as a reason.
  public init(_ malformed: Malformed) {
    self.init(.malformed, field: malformed.field, value: malformed.value, rule: malformed.rule)
  }

  /// One sentence, for logs and headers.
  public var description: String { "\(field): \(value): \(rule)" }
}

/// How a message was settled, for metrics, logs and the inbox.
public enum Outcome: String, CaseIterable, Sendable {
  /// It took effect.
  case applied
  /// Nothing to change.
  case unchanged
  /// It had been settled before, under the same id and attempt; nothing was written.
  case duplicate
  /// It waits in a retry tier.
  case retried
  /// It is a dead letter.
  case deadLettered = "dead_lettered"
}
