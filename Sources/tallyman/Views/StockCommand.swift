import ArgumentParser
import Contracts
import Views

/// `tallyman stock`
struct StockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stock", abstract: "Shows what there is of a SKU, where, and what can be promised of it.",
    discussion: "Exit code 1 if nobody has ever spoken of the SKU.")

  @Argument(help: "The SKU, or a barcode of it.")
  var sku: String

  @OptionGroup var options: ViewOptions

  func validate() throws { try Look.require(sku, SKU.self, as: "SKU") }

  func run() async throws {
    let sku = sku
    let found = try await Look.at { desk in
      try desk.stock(sku) ?? desk.sku(ofBarcode: sku).flatMap { try desk.stock($0) }
    }
    guard let stock = found else { throw Look.nothing("there is no SKU \(sku)", json: options.json) }
    try Look.tell(stock, json: options.json) { StockText.page(stock) }
  }
}

/// A SKU's stock in words.
enum StockText {
  static func page(_ stock: StockView) -> [String?] {
    let title = Paint.bold(stock.sku) + (stock.name.map { "  " + DeadLetterText.short($0, 80) } ?? "")
    let waiting =
      stock.linesWaiting == 0
      ? "nobody waits" : "\(stock.owed) owed to \(Show.count(stock.linesWaiting, "waiting line"))"
    return [
      title,
      Show.facts([
        ["category", stock.category],
        ["available to promise", "\(stock.availableToPromise)"],
        ["backorders", waiting],
        ["in transit", stock.inTransit > 0 ? "\(stock.inTransit)" : nil],
        ["safety stock over all", stock.safetyStock > 0 ? "\(stock.safetyStock)" : nil],
        ["alert over all", alert(stock.alert, stock.episodeID, stock.reorderPoint, stock.recoverPoint)],
        ["barcodes", stock.barcodes.isEmpty ? nil : stock.barcodes.joined(separator: ", ")],
        ["units", stock.units.isEmpty ? nil : stock.units.joined(separator: ", ")],
        ["discontinued", stock.discontinued ? "yes: new orders get nothing of it" : nil],
        ["registered", stock.registered ? nil : "no: orders and receipts of it wait for product.registered"],
      ]),
      "",
      stock.locations.isEmpty ? "no location has ever held it" : table(stock),
      stock.more > 0 ? "and \(stock.more) more locations and lots" : nil,
      stock.transfers.isEmpty ? nil : "\n" + transfers(stock.transfers),
    ]
  }

  private static func transfers(_ transfers: [StockView.Transfer]) -> String {
    let hasLots = transfers.contains { !$0.lot.isEmpty }
    var table = TextTable(
      [.text("TRANSFER"), .text("FROM"), .text("TO")] + (hasLots ? [.text("LOT")] : []) + [
        .number("IN TRANSIT"), .text("DISPATCHED"),
      ])
    for line in transfers {
      table.add(
        [line.transferID, line.fromLocationID, line.toLocationID] + (hasLots ? [line.lot] : []) + [
          "\(line.quantity)", Show.time(line.dispatchedAt.rfc3339),
        ])
    }
    return table.text()
  }

  private static func table(_ stock: StockView) -> String {
    let hasLots = stock.locations.contains { !$0.lot.isEmpty }
    let lot: [TextTable.Column] = hasLots ? [.text("LOT"), .text("EXPIRES")] : []
    var table = TextTable(
      [.text("LOCATION")] + lot + [
        .number("ON HAND"), .number("RESERVED"), .number("DAMAGED"), .number("HELD"), .number("AVAILABLE"),
        .number("SAFETY"), .number("PROMISABLE"), .text("SELLABLE"), .text("ALERT"), .number("REORDER"),
        .number("RECOVER"),
      ])
    for place in stock.locations {
      table.add(
        [place.locationID] + (hasLots ? [place.lot, expiry(place)] : []) + quantities(place.quantities) + [
          "\(place.safetyStock)", "\(place.allocatable)", Show.yes(place.sellable), place.alert,
          "\(place.reorderPoint)", "\(place.recoverPoint)",
        ])
    }
    table.add(
      sum: ["total"] + (hasLots ? ["", ""] : []) + quantities(stock.total) + [
        "", "\(stock.availableToPromise)", "", "", "", "",
      ])
    return table.text()
  }

  private static func expiry(_ place: StockView.Place) -> String {
    place.expired ? "expired" : place.expiresAt.map { Show.time($0.rfc3339) } ?? ""
  }

  private static func quantities(_ of: StockView.Quantities) -> [String] {
    ["\(of.onHand)", "\(of.reserved)", "\(of.damaged)", "\(of.qualityControl)", "\(of.available)"]
  }

  private static func alert(_ state: String, _ episode: String?, _ reorder: Int64, _ recover: Int64) -> String {
    "\(state)\(episode.map { ", episode \($0)" } ?? "") (low at \(reorder), recovered at \(recover))"
  }
}
