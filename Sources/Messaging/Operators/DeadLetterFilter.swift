import Contracts
import Postgres

/// Which dead letters are meant, newest first.
public struct DeadLetterFilter: Sendable {
  /// Only of this work queue.
  public var queue: String?
  /// Only for this reason or of this kind.
  public var reason: String?
  /// Only events of this type.
  public var type: String?
  /// Only given up at this moment or later.
  public var since: Timestamp?
  /// Only given up before this moment.
  public var until: Timestamp?
  /// Only in this state; nil for all.
  public var state: State? = .open
  /// Only with a smaller number: where the page before ended.
  public var before: Int64?
  /// At most so many.
  public var limit = 50

  /// What was done with a record.
  public enum State: String, CaseIterable, Sendable {
    /// Nothing yet.
    case open
    /// Its message went back to its queue.
    case replayed
    /// It was closed.
    case discarded
  }

  /// All open ones.
  public init() {}

  /// A page of records without their bodies, or the count of all that are meant.
  ///
  /// Whatever is not filtered stands in the text as nothing at all, so that the index of open records is used.
  func condition(firstParameter: Int = 1) -> (sql: String, parameters: [Parameter]) {
    var clauses: [String] = []
    var parameters: [Parameter] = []
    func add(_ clause: String, _ parameter: Parameter) {
      parameters.append(parameter)
      clauses.append(clause.replacing("$", with: "$\(firstParameter + parameters.count - 1)"))
    }
    // A literal: a partial index is not used for a parameter.
    if let state { clauses.append("state = '\(state.rawValue)'") }
    if let queue { add("queue = $", .text(queue)) }
    if let reason { add("(reason = $ or kind = $)", .text(reason)) }
    if let type { add("type = $", .text(type)) }
    if let since { add("dead_at >= $", .timestamp(since.microseconds)) }
    if let until { add("dead_at < $", .timestamp(until.microseconds)) }
    if let before { add("dead_letter_id < $", .int(before)) }
    return (clauses.isEmpty ? "true" : clauses.joined(separator: " and "), parameters)
  }
}
