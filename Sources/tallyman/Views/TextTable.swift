/// Aligned columns under a heading: text to the left, numbers to the right. What others wrote cannot steer a terminal.
struct TextTable {
  /// A column: its heading, and how its cells stand.
  struct Column {
    let heading: String
    let isNumber: Bool

    static func text(_ heading: String) -> Column { Column(heading: heading, isNumber: false) }
    static func number(_ heading: String) -> Column { Column(heading: heading, isNumber: true) }
  }

  /// The longest text that a cell shows.
  static let widest = 48

  private let columns: [Column]
  private var rows: [[String]] = []
  private var sum: [String]?

  init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row, a cell for each column.
  mutating func add(_ cells: [String]) { rows.append(cells.map { DeadLetterText.short($0, TextTable.widest) }) }

  /// Adds a last row under a line.
  mutating func add(sum cells: [String]) { sum = cells }

  var isEmpty: Bool { rows.isEmpty }

  /// - Parameters:
  ///   - indent: In front of each line.
  ///   - colours: Whether the heading and states stand out.
  func text(indent: String = "", colours: Bool = Terminal.hasColours) -> String {
    let all = [columns.map(\.heading)] + rows + [sum].compactMap(\.self)
    let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    var lines = [line(columns.map(\.heading), widths, indent) { text, _ in Paint.bold(text, colours: colours) }]
    lines += rows.map { row in
      line(row, widths, indent) { text, cell in Paint.of(state: cell)?(text, colours: colours) ?? text }
    }
    if let sum {
      lines.append(indent + String(repeating: "─", count: widths.reduce(0, +) + 2 * max(0, widths.count - 1)))
      lines.append(line(sum, widths, indent) { text, _ in text })
    }
    return lines.joined(separator: "\n")
  }

  private func line(
    _ cells: [String], _ widths: [Int], _ indent: String, _ paint: (String, String) -> String
  ) -> String {
    var line = indent
    var gap = 0
    for (index, cell) in cells.enumerated() {
      let space = widths[index] - cell.count
      line += String(repeating: " ", count: gap + (columns[index].isNumber ? space : 0)) + paint(cell, cell)
      gap = 2 + (columns[index].isNumber ? 0 : space)
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}

/// Values as people read them.
enum Show {
  /// To the second; microseconds help nobody here.
  static func time(_ rfc3339: String) -> String { String(rfc3339.prefix(19)) + "Z" }

  /// What others wrote, on one line, and unable to steer a terminal. Names of messages have 255 bytes and a source too.
  static func words(_ text: String) -> String { DeadLetterText.short(text, 600) }

  static func signed(_ number: Int64) -> String { number > 0 ? "+\(number)" : "\(number)" }

  static func yes(_ flag: Bool) -> String { flag ? "yes" : "no" }

  static func units(_ count: Int64) -> String { count == 1 ? "1 unit" : "\(count) units" }

  static func count(_ count: Int64, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  /// Names and values below each other.
  static func facts(_ rows: [[String?]], indent: String = "  ") -> String {
    DeadLetterText.aligned(
      rows.compactMap { row in
        let cells = row.compactMap(\.self).map { DeadLetterText.short($0, 100) }
        return cells.count == row.count ? cells : nil
      }, indent: indent)
  }
}
