import ArgumentParser
import Contracts
import Views

/// `tallyman backorders`
struct BackordersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backorders", abstract: "Shows which order lines wait for stock, in the order in which it fills them.",
    discussion: """
      By priority (higher first), then by need_by (none is last), then by age. AHEAD are the units that are filled \
      before a line; it has a turn when more than those are free. Exit code 1 if nobody waits.
      """)

  @Argument(help: "Only of this SKU.")
  var sku: String?

  @OptionGroup var limits: LimitOptions

  @OptionGroup var options: ViewOptions

  func validate() throws { if let sku { try Look.require(sku, SKU.self, as: "SKU") } }

  func run() async throws {
    let (sku, limit) = (sku, limits.limit)
    let view = try await Look.at { try $0.backorders(sku, limit: limit) }
    try Look.tell(view, json: options.json) {
      view.lines.isEmpty ? ["nobody waits" + (sku.map { " for \($0)" } ?? "")] : text(view)
    }
    if view.lines.isEmpty { throw Ending(.findings) }
  }

  private func text(_ view: WaitingView) -> [String?] {
    var table = TextTable([
      .text("SKU"), .number("PLACE"), .text("ORDER"), .number("LINE"), .number("WAITING"), .number("OF"),
      .number("AHEAD"), .number("PRIORITY"), .text("NEED BY"), .text("SINCE"),
    ])
    for line in view.lines {
      table.add([
        line.sku, line.place.map { "\($0)" } ?? "blocked", line.orderID, "\(line.line)", "\(line.openQuantity)",
        "\(line.quantity)", line.unitsAhead.map { "\($0)" } ?? "", "\(line.priority)",
        line.needBy.map { Show.time($0.rfc3339) } ?? "", Show.time(line.since.rfc3339),
      ])
    }
    let owing = view.items.map { "\($0.sku): \($0.owed) owed, \($0.free) free" }
    return [table.text(), "", owing.joined(separator: "\n"), limits.note(view.hasMore)]
  }
}
