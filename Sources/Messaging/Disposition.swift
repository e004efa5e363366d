import Contracts

/// What a handler decided about one message. The list is closed: every message ends in exactly one of these, and
/// settling and metrics switch over it exhaustively.
public enum Disposition: Sendable {
  /// It took effect; these events follow from it.
  case applied([OutgoingEvent])
  /// It had taken effect before or changes nothing; why, for the log.
  case unchanged(String)
  /// It may only be early (disorder): try again after the next delay tier.
  case retry(Reason)
  /// It can never succeed: a dead letter for an operator.
  case refused(Reason)
}

/// Why a message was not applied: which field, the value found there, and the rule it broke.
public struct Reason: Error, Hashable, Sendable, CustomStringConvertible {
  /// Path of the field, such as `data.lines[0].sku`.
  public let field: String
  /// The value as seen, shortened and printable.
  public let value: String
  /// What would have been right.
  public let rule: String

  /// A reason naming field, value and rule.
  public init(field: String, value: String, rule: String) {
    self.field = field
    self.value = value
    self.rule = rule
  }

  /// The decoder's finding as a reason.
  public init(_ malformed: Malformed) {
    self.init(field: malformed.field, value: malformed.value, rule: malformed.rule)
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
