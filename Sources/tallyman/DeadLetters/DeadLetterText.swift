import Contracts
import Messaging

/// Dead letters in words.
enum DeadLetterText {
  // MARK: A list

  /// Aligned columns with a heading.
  static func table(_ records: [DeadLetterRecord]) -> String {
    let heading = ["ID", "GIVEN UP", "QUEUE", "REASON", "TYPE", "ATTEMPT", "MESSAGE", "FIELD", "VALUE"]
    let rows = records.map { record in
      [
        "\(record.id)", moment(record.deadAt), record.queue, reason(record), record.type, "\(record.attempt)",
        short(record.messageID, 36), short(record.field, 40), short(record.value, 40),
      ]
    }
    return aligned([heading] + rows)
  }

  /// Columns as wide as their widest cell; the last one ends where its text does.
  static func aligned(_ written: [[String]], indent: String = "") -> String {
    let rows = written.map { $0.map(printable) }
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = indent
      for (column, cell) in row.enumerated() {
        line += cell
        if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }

  // MARK: One of them

  static func page(
    _ record: DeadLetterRecord, _ actions: [DeadLetterAction], _ relatives: [DeadLetterRecord]
  ) -> String {
    var lines = ["Dead letter \(record.id): \(record.state)"]
    lines.append(aligned(facts(record), indent: "  "))
    if let guide = ReasonKind(rawValue: record.reason)?.guide {
      lines += ["", "What it means"]
      lines.append(aligned([["means", guide.meaning], ["look at", guide.look], ["do", guide.act]], indent: "  "))
    }
    lines += ["", "Headers"]
    let headers = (try? HeaderText.decode(record.headers)) ?? [:]
    lines.append(
      headers.isEmpty
        ? "  none" : aligned(headers.sorted { $0.key < $1.key }.map { [$0.key, shown($0.value)] }, indent: "  "))
    // Indented, or a line of it could pass for one of ours.
    lines += ["", "Body (\(record.body.count) bytes)"]
    lines += record.body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
      "  " + printable(String(decoding: line, as: UTF8.self).replacing("\t", with: "  "))
    }
    lines += ["", "History"]
    lines += actions.isEmpty ? ["  nothing was done with it"] : actions.flatMap(history)
    if !relatives.isEmpty { lines += ["", "Other records of this message", table(relatives)] }
    return lines.joined(separator: "\n")
  }

  private static func facts(_ record: DeadLetterRecord) -> [[String]] {
    var rows = [
      ["queue", record.queue], ["reason", reason(record)], ["kind", record.kind], ["field", record.field],
      ["value", record.value], ["rule", record.rule], ["attempt", "\(record.attempt)"],
      ["first seen", record.firstSeenAt.rfc3339], ["given up", record.deadAt.rfc3339],
      ["message", record.messageID], ["source", record.source], ["type", record.type],
      ["content type", record.contentType ?? "absent"],
    ]
    if let resolution = record.resolution {
      rows.append([record.state, "by \(resolution.by) at \(resolution.at.rfc3339): \(resolution.why)"])
    }
    if let erasedAt = record.erasedAt { rows.append(["erased", erasedAt.rfc3339]) }
    return rows
  }

  private static func history(_ action: DeadLetterAction) -> [String] {
    let attempt = action.attempt.map { " as attempt \($0)" } ?? ""
    let edits = action.edits.flatMap { try? DeadLetterDetails.edits($0) } ?? []
    let done = "  \(action.at.rfc3339)  \(action.action)\(attempt) by \(action.by) (\(action.role)): \(action.why)"
    return [printable(done)] + edits.map { printable("    \($0.field): \($0.was) → \($0.is)") }
  }

  /// The reason's name, or the kind in records of releases that had no names.
  private static func reason(_ record: DeadLetterRecord) -> String {
    record.reason.isEmpty ? record.kind : record.reason
  }

  private static func shown(_ value: HeaderText.Value) -> String {
    switch value {
    case .string(let text): text
    case .int(let number): "\(number)"
    }
  }

  /// What somebody else wrote must neither steer a terminal nor begin a line of its own.
  static func printable(_ text: String) -> String { PrintableText.line(text) }

  static func moment(_ time: Timestamp) -> String { String(time.rfc3339.prefix(19)) + "Z" }

  static func short(_ text: String, _ limit: Int) -> String {
    let text = printable(text)
    return text.count <= limit ? text : text.prefix(limit - 1) + "…"
  }
}
