import Contracts
import Messaging

/// A rehearsal in words.
enum RehearsalText {
  static func page(_ rehearsed: Rehearsed) -> String {
    let what = rehearsed.record.map { ": \($0.queue), \($0.type), \(DeadLetterText.short($0.messageID, 255))" } ?? ""
    var lines = ["Dead letter \(rehearsed.id)\(what)"]
    guard let rehearsal = rehearsed.rehearsal else {
      let verdict = rehearsed.missingRole == nil ? "would not be replayed" : "cannot be tried"
      return lines[0] + "\n  \(verdict): " + DeadLetterText.printable(rehearsed.refusal ?? "")
    }
    var rows = [["outcome", outcome(rehearsal)], ["attempt", "\(rehearsal.attempt)"]]
    for edit in (rehearsal.edits.flatMap { try? DeadLetterDetails.edits($0) }) ?? [] {
      rows.append(["corrects", "\(edit.field): \(edit.was) → \(edit.is)"])
    }
    for event in rehearsal.events {
      rows.append(["publishes", "\(event.event.type.rawValue) as \(event.aggregate) \(event.sequence)"])
    }
    rows += rehearsal.ledger.map { ["ledger", $0] }
    for change in rehearsal.changes {
      rows.append(["changes", "\(change.row): \(change.column) \(change.before ?? "–") → \(change.after ?? "–")"])
    }
    rows += rehearsal.tables.map { ["table", count($0)] }
    lines.append(DeadLetterText.aligned(rows, indent: "  "))
    return lines.joined(separator: "\n")
  }

  private static func outcome(_ rehearsal: Rehearsal) -> String {
    let name = rehearsal.outcome?.rawValue.replacing("_", with: "-") ?? "given back to the broker"
    return rehearsal.why.map { "\(name): \($0)" } ?? name
  }

  private static func count(_ table: Rehearsal.TableCount) -> String {
    let parts = [("added", table.inserted), ("changed", table.updated), ("removed", table.deleted)]
    return "\(table.table): " + parts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
  }
}

/// A rehearsal as JSON.
struct RehearsalDocument: Codable {
  let id: Int64
  let refusal: String?
  let outcome: String?
  let why: String?
  let attempt: Int32?
  let edits: [DeadLetterDetails.Edit]?
  let events: [Event]
  let ledger: [String]
  let changes: [Change]
  let tables: [Table]

  struct Event: Codable {
    let type: String
    let aggregate: String
    let sequence: Int64
    let body: String
  }

  struct Change: Codable {
    let row: String
    let column: String
    let before: String?
    let after: String?
  }

  struct Table: Codable {
    let table: String
    let added: Int64
    let changed: Int64
    let removed: Int64
  }

  init(_ rehearsed: Rehearsed) throws {
    let rehearsal = rehearsed.rehearsal
    id = rehearsed.id
    refusal = rehearsed.refusal
    outcome = rehearsal?.outcome?.rawValue
    why = rehearsal?.why
    attempt = rehearsal?.attempt
    edits = try rehearsal?.edits.map(DeadLetterDetails.edits)
    events = (rehearsal?.events ?? []).map {
      Event(
        type: $0.event.type.rawValue, aggregate: $0.aggregate, sequence: $0.sequence,
        body: String(decoding: $0.encode(), as: UTF8.self))
    }
    ledger = rehearsal?.ledger ?? []
    changes = (rehearsal?.changes ?? []).map {
      Change(row: $0.row, column: $0.column, before: $0.before, after: $0.after)
    }
    tables = (rehearsal?.tables ?? []).map {
      Table(table: $0.table, added: $0.inserted, changed: $0.updated, removed: $0.deleted)
    }
  }
}
