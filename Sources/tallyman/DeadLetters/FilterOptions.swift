import ArgumentParser
import Contracts
import Messaging

/// Which records are meant.
struct FilterOptions: ParsableArguments {
  @Option(help: "Only of this queue: inventory, allocation or notification.")
  var queue: String?

  @Option(help: "Only for this reason, such as unknown_sku, or of this kind, such as malformed.")
  var reason: String?

  @Option(help: "Only events of this type, such as order.created.")
  var type: String?

  @Option(
    help: "Only given up since then: a time such as 2026-11-21T09:30:00Z, or 30m, 2h, 3d ago.",
    transform: Moment.init(text:))
  var since: Moment?

  @Option(help: "Only given up before then.", transform: Moment.init(text:))
  var until: Moment?

  /// Whether anything is filtered.
  var isEmpty: Bool { queue == nil && reason == nil && type == nil && since == nil && until == nil }

  var filter: DeadLetterFilter {
    var filter = DeadLetterFilter()
    filter.queue = queue
    filter.reason = reason
    filter.type = type
    filter.since = since?.time
    filter.until = until?.time
    return filter
  }

  func validate() throws {
    try FilterOptions.require(queue, among: Worker.all.map(\.queue), as: "--queue")
    try FilterOptions.require(
      reason, among: ReasonKind.allCases.map(\.rawValue) + ["refused", "exhausted", "undelivered"], as: "--reason")
    try FilterOptions.require(type, among: EventType.allCases.map(\.rawValue), as: "--type")
  }

  /// A misspelt filter would find nothing, and look like good news.
  private static func require(_ value: String?, among known: [String], as option: String) throws {
    guard let value, !known.contains(value) else { return }
    throw ValidationError("\(option) \(value): must be one of \(known.sorted().joined(separator: ", "))")
  }
}

/// A moment as an operator gives it.
struct Moment: Sendable {
  let time: Timestamp

  /// - Throws: What it must be, for whoever gave something else.
  init(text: String) throws {
    if let time = Timestamp(rfc3339: text) {
      self.time = time
      return
    }
    let seconds: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last, let factor = seconds[unit], let number = Int64(text.dropLast()),
      (0...100_000).contains(number)
    else {
      throw ValidationError(
        "it must be a time with a zone such as 2026-11-21T09:30:00Z, or 0 to 100000 with s, m, h or d: so long ago")
    }
    time = .now - .seconds(number * factor)
  }
}
