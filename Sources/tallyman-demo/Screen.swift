#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What the person in front of it sees: a line per step with the time since the start, and below it live counts.
struct Screen {
  private let start = ContinuousClock.now
  private let isTerminal = isatty(STDOUT_FILENO) == 1
  private var lastProgress = ContinuousClock.now
  private var hasOpenLine = false

  /// Starts a step.
  mutating func step(_ text: String) {
    closeLine()
    print("\n\(clock)  \(bold(text))")
  }

  /// A fact within a step.
  mutating func say(_ text: String) {
    closeLine()
    print("           \(text)")
  }

  /// Counts that change: on a terminal one line that is overwritten, elsewhere a line every two seconds.
  mutating func progress(_ text: String) {
    let now = ContinuousClock.now
    guard lastProgress.duration(to: now) >= (isTerminal ? .milliseconds(80) : .seconds(2)) else { return }
    lastProgress = now
    if isTerminal {
      Screen.put("\r\u{1B}[K           \(text)", to: STDOUT_FILENO)
      hasOpenLine = true
    } else {
      print("           \(text)")
    }
  }

  /// A heading of the summary.
  mutating func heading(_ text: String) {
    closeLine()
    print("\n\(bold(text))")
  }

  /// A line of the summary.
  mutating func line(_ text: String) {
    closeLine()
    print("  \(text)")
  }

  /// An error, on stderr.
  static func complain(_ text: String) {
    put("\ndemo: \(text)\n", to: STDERR_FILENO)
  }

  /// Unbuffered: lines appear when they are true, also where the output is a pipe.
  private static func put(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  private func print(_ text: String) { Screen.put(text + "\n", to: STDOUT_FILENO) }

  private var clock: String {
    let elapsed = start.duration(to: .now).components
    let tenths = elapsed.seconds * 10 + elapsed.attoseconds / 100_000_000_000_000_000
    return "[\(Text.right("\(tenths / 10).\(tenths % 10)", 5)) s]"
  }

  private mutating func closeLine() {
    guard hasOpenLine else { return }
    Screen.put("\r\u{1B}[K", to: STDOUT_FILENO)
    hasOpenLine = false
  }

  private func bold(_ text: String) -> String { isTerminal ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
}

/// Columns and numbers for people.
enum Text {
  /// Flush right in a column.
  static func right(_ text: some CustomStringConvertible, _ width: Int) -> String {
    let text = text.description
    return String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// Flush left in a column.
  static func left(_ text: some CustomStringConvertible, _ width: Int) -> String {
    let text = text.description
    return text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// `1234567` as `1,234,567`.
  static func number(_ value: some BinaryInteger) -> String {
    var grouped: [Character] = []
    for (index, digit) in String(value.magnitude).reversed().enumerated() {
      if index > 0, index % 3 == 0 { grouped.append(",") }
      grouped.append(digit)
    }
    return (value < 0 ? "-" : "") + String(grouped.reversed())
  }

  /// Milliseconds with one decimal.
  static func milliseconds(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let tenths = seconds * 10_000 + attoseconds / 100_000_000_000_000
    return "\(number(tenths / 10)).\(tenths % 10) ms"
  }

  /// Seconds with two decimals.
  static func seconds(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let hundredths = seconds * 100 + attoseconds / 10_000_000_000_000_000
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) s"
  }
}
