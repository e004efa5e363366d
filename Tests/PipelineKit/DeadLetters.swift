import TestServers

/// A dead letter's record.
public struct DeadLetterRow: Sendable {
  /// Its number.
  public let id: String
  /// `malformed`, `refused` or `exhausted`.
  public let kind: String
  /// Which field the reason is about.
  public let field: String
  /// What was found there.
  public let value: String
  /// What would have been right.
  public let rule: String
  /// Which attempt.
  public let attempt: Int
  /// `open`, `replayed` or `discarded`.
  public let state: String
}

extension House {
  /// All records, in the order in which they were written.
  public func deadLetters(of messageID: String? = nil) async throws -> [DeadLetterRow] {
    let condition = messageID.map { "where message_id = '\($0)'" } ?? ""
    return try await inspect { connection in
      let rows = try connection.query(
        .once(
          """
          select dead_letter_id::text, kind, field, value, rule, attempt, state from dead_letters \(condition)
          order by dead_letters.dead_letter_id
          """))
      return (0..<rows.count).map { row in
        DeadLetterRow(
          id: rows.text(row, 0), kind: rows.text(row, 1), field: rows.text(row, 2), value: rows.text(row, 3),
          rule: rows.text(row, 4), attempt: Int(rows.int4(row, 5)), state: rows.text(row, 6))
      }
    }
  }

  /// The only record (of a message).
  ///
  /// - Throws: ``NeverHappened`` unless there is exactly one.
  public func deadLetter(of messageID: String? = nil) async throws -> DeadLetterRow {
    let letters = try await deadLetters(of: messageID)
    guard letters.count == 1 else {
      throw NeverHappened("one dead letter, but \(letters.count): \(letters)")
    }
    return letters[0]
  }
}
