import ArgumentParser
import Contracts
import Views

/// `tallyman reservations`
struct ReservationsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reservations", abstract: "Shows what is promised to which orders, where.",
    discussion: """
      Open promises by SKU, location and age; of one order also those that ended. Exit code 1 if there is none.
      """)

  @Argument(help: "Only of this SKU.")
  var sku: String?

  @Option(help: "Only of this order.")
  var order: String?

  @OptionGroup var limits: LimitOptions

  @OptionGroup var options: ViewOptions

  func validate() throws {
    if let sku { try Look.require(sku, SKU.self, as: "SKU") }
    if let order { try Look.require(order, OrderID.self, as: "--order") }
  }

  func run() async throws {
    let (sku, order, limit) = (sku, order, limits.limit)
    // An operator may ask the ledger for promises since then; workers need no more than before.
    let view = try await Look.at { try $0.reservations(sku: sku, order: order, limit: limit) }
    try Look.tell(view, json: options.json) {
      guard !view.reservations.isEmpty else { return ["nothing is promised"] }
      let shown = Int64(view.reservations.count)
      let rest = shown < view.total ? "; --limit shows up to 10000" : ""
      return [
        ReservationText.table(view.reservations),
        "\(shown) of \(view.total), \(Show.units(view.openQuantity)) promised by all of them\(rest)",
      ]
    }
    if view.reservations.isEmpty { throw Ending(.findings) }
  }
}

/// Promises in words.
enum ReservationText {
  static func table(_ lines: [ReservationLine], indent: String = "") -> String {
    let hasLots = lines.contains { !$0.lot.isEmpty }
    var table = TextTable(
      [.text("SKU"), .text("LOCATION")] + (hasLots ? [.text("LOT")] : []) + [
        .text("ORDER"), .number("LINE"), .number("NO"), .number("OPEN"), .number("OF"), .number("SHIPPED"),
        .number("RELEASED"), .text("STATE"), .text("POLICY"), .text("SINCE"),
      ])
    for line in lines {
      table.add(
        [line.sku, line.locationID] + (hasLots ? [line.lot] : []) + [
          line.orderID, "\(line.line)", "\(line.number)", "\(line.openQuantity)", "\(line.quantity)",
          "\(line.consumed)", "\(line.released)", line.state, line.policy, Show.time(line.since.rfc3339),
        ])
    }
    return table.text(indent: indent)
  }
}
