import ArgumentParser
import Contracts
import Views

/// `tallyman ledger`
struct LedgerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Shows every change of a SKU's quantities with its cause, the newest first.",
    discussion: "Exit code 1 if there is none, or if nobody has ever spoken of the SKU.")

  @Argument(help: "The SKU.")
  var sku: String

  @Option(
    help: "Only since then: a time such as 2026-11-21T09:30:00Z, or 30m, 2h, 3d ago.", transform: Moment.init(text:))
  var since: Moment?

  @Option(help: "Only before then.", transform: Moment.init(text:))
  var until: Moment?

  @Option(help: "Only at this location.")
  var location: String?

  @OptionGroup var limits: LimitOptions

  @OptionGroup var options: ViewOptions

  /// The changes as JSON.
  struct Document: Encodable {
    let sku: String
    let entries: [LedgerLine]
    let hasMore: Bool
  }

  func validate() throws {
    try Look.require(sku, SKU.self, as: "SKU")
    if let location { try Look.require(location, LocationID.self, as: "--location") }
  }

  func run() async throws {
    var filter = LedgerFilter(sku: sku, limit: limits.limit)
    filter.location = location
    filter.since = since?.time
    filter.until = until?.time
    let chosen = filter
    guard let page = try await Look.at({ try $0.ledger(chosen) }) else {
      throw Look.nothing("there is no SKU \(sku)", json: options.json)
    }
    let document = Document(sku: sku, entries: page.rows, hasMore: page.hasMore)
    try Look.tell(document, json: options.json) {
      page.rows.isEmpty ? ["no change of \(sku)"] : [LedgerText.table(page.rows), limits.note(page.hasMore)]
    }
    if page.rows.isEmpty { throw Ending(.findings) }
  }
}

/// Changes in words.
enum LedgerText {
  static func table(_ entries: [LedgerLine]) -> String {
    let hasLots = entries.contains { !$0.lot.isEmpty }
    let hasPapers = entries.contains { $0.paper != nil }
    let hasLate = entries.contains { $0.lateFor != nil }
    var table = TextTable(
      [.text("RECORDED"), .text("LOCATION")] + (hasLots ? [.text("LOT")] : []) + [
        .number("SEQ"), .text("REASON"), .text("BUCKET"), .number("CHANGE"), .number("AFTER"), .text("REFERENCE"),
      ] + (hasPapers ? [.text("PERSON"), .text("CODE")] : []) + (hasLate ? [.text("TOLD AFTER")] : []) + [
        .text("WORKER"), .text("MESSAGE"),
      ])
    for entry in entries {
      table.add(
        [Show.time(entry.recordedAt.rfc3339), entry.locationID] + (hasLots ? [entry.lot] : []) + [
          "\(entry.seq)", entry.reason, entry.bucket, Show.signed(entry.delta), "\(entry.balanceAfter)",
          entry.reference,
        ] + (hasPapers ? [short(entry.person), short(entry.reasonCode)] : []) + (hasLate ? [entry.lateFor ?? ""] : [])
          + [entry.consumer, entry.messageID])
    }
    return table.text()
  }

  private static func short(_ text: String?) -> String { text.map { DeadLetterText.short($0, 40) } ?? "" }
}
