import ArgumentParser
import Contracts
import Views

/// `tallyman order`
struct OrderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "order", abstract: "Shows an order: lines, promises, backorders, shipments.",
    discussion: "`tallyman explain` says why. Exit code 1 if there is no such order.")

  @Argument(help: "The order_id.")
  var order: String

  @OptionGroup var options: ViewOptions

  func validate() throws { try Look.require(order, OrderID.self, as: "ID") }

  func run() async throws {
    let id = order
    guard let order = try await Look.at({ try $0.order(id) }) else { throw try await OrderText.unknown(id, options) }
    try Look.tell(order, json: options.json) { OrderText.page(order) }
  }
}

/// An order in words.
enum OrderText {
  /// How a look for an order ends that there is not; where its message is a dead letter, that is what one has to know.
  static func unknown(_ id: String, _ options: ViewOptions) async throws -> Ending {
    let letters = try await Look.at { try $0.openDeadLetters(of: id) }
    let mention = letters.isEmpty ? "" : "; " + mention(letters)
    return Look.nothing("there is no order \(id)" + mention, json: options.json)
  }

  static func mention(_ letters: [Int64]) -> String {
    "open dead letters that speak of it: " + letters.map { "\($0)" }.joined(separator: ", ")
      + " (see `tallyman dead-letters show`)"
  }

  static func page(_ order: OrderView) -> [String?] {
    heading(order) + [
      lines(order),
      order.reservations.isEmpty ? nil : "\n" + Paint.bold("Promised"),
      order.reservations.isEmpty ? nil : ReservationText.table(order.reservations),
      order.backorders.isEmpty ? nil : "\n" + Paint.bold("Waiting"),
      order.backorders.isEmpty ? nil : backorders(order.backorders),
      order.shipments.isEmpty ? nil : "\n" + Paint.bold("Shipped"),
      order.shipments.isEmpty ? nil : shipments(order.shipments),
    ]
  }

  static func heading(_ order: OrderView) -> [String?] {
    let state = Paint.of(state: order.state)?(order.state) ?? order.state
    return [
      Paint.bold("Order \(order.orderID)") + ": " + state,
      Show.facts([
        ["customer", order.customerID],
        ["short stock", "\(order.policy), backorder \(order.backorder)"],
        ["location policy", order.locationPolicy],
        ["on hold until", order.holdUntil.map { Show.time($0.rfc3339) }],
        ["priority", "\(order.priority)"],
        ["need by", order.needBy.map { Show.time($0.rfc3339) }],
        ["ordered", Show.time(order.orderedAt.rfc3339)],
        ["last change", Show.time(order.updatedAt.rfc3339)],
        ["delivered", order.delivered > 0 ? Show.units(order.delivered) : nil],
        ["closed because", order.closedReason],
        ["events", "\(order.sequence)"],
      ]),
      "",
    ]
  }

  private static func lines(_ order: OrderView) -> String {
    guard !order.lines.isEmpty else { return "no lines: its cancellation came, the order itself has not" }
    var table = TextTable([
      .number("LINE"), .text("SKU"), .number("ORDERED"), .number("RESERVED"), .number("WAITING"), .number("SHIPPED"),
      .number("CANCELLED"),
    ])
    for line in order.lines {
      table.add([
        "\(line.line)", line.sku, "\(line.ordered)", "\(line.reserved)", "\(line.backordered)", "\(line.shipped)",
        "\(line.cancelled)",
      ])
    }
    return table.text()
  }

  private static func backorders(_ backorders: [OrderView.Backorder]) -> String {
    var table = TextTable([
      .number("LINE"), .text("SKU"), .number("OPEN"), .number("OF"), .number("FILLED"), .number("CANCELLED"),
      .text("STATE"), .text("FILLABLE"), .text("SINCE"),
    ])
    for backorder in backorders {
      table.add([
        "\(backorder.line)", backorder.sku, "\(backorder.openQuantity)", "\(backorder.quantity)",
        "\(backorder.filled)", "\(backorder.cancelled)", backorder.state, Show.yes(backorder.fillable),
        Show.time(backorder.since.rfc3339),
      ])
    }
    return table.text()
  }

  private static func shipments(_ shipments: [OrderView.Shipment]) -> String {
    var table = TextTable([
      .text("SHIPMENT"), .text("STATE"), .text("DISPATCHED"), .text("LAST STATUS"), .text("CARRIER"), .text("TRACKING"),
      .number("LINE"),
      .text("FROM"), .number("UNITS"),
    ])
    for shipment in shipments {
      for part in shipment.lines {
        table.add([
          shipment.shipmentID, shipment.state, Show.time(shipment.dispatchedAt.rfc3339),
          shipment.statusAt.map { Show.time($0.rfc3339) } ?? (shipment.overdueAt == nil ? "" : "overdue"),
          shipment.carrier ?? "",
          shipment.trackingNumber ?? "", "\(part.line)", part.locationID, "\(part.quantity)",
        ])
      }
    }
    return table.text()
  }
}
