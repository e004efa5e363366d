import Contracts
import Postgres

/// What there is of a SKU, and what can be promised of it. Quantities are base units.
public struct StockView: Encodable, Sendable {
  /// The SKU.
  public let sku: String
  /// As the catalogue has it; absent before it is registered.
  public let name: String?
  /// As the catalogue has it.
  public let category: String?
  /// Whether the catalogue has registered it.
  public let registered: Bool
  /// Whether nothing of it is promised to new orders any more.
  public let discontinued: Bool
  /// Its barcodes, ten at most.
  public let barcodes: [String]
  /// Its units with their factors, such as `carton = 24`, ten at most.
  public let units: [String]
  /// What open backorders could take now.
  public let owed: Int64
  /// Order lines that wait for it.
  public let linesWaiting: Int64
  /// Kept back over all locations, beyond what each location keeps back.
  public let safetyStock: Int64
  /// Low at or below this.
  public let reorderPoint: Int64
  /// Normal again at or above this.
  public let recoverPoint: Int64
  /// `normal`, `low` or `out`, over all locations.
  public let alert: String
  /// Names the shortage over all locations while there is one.
  public let episodeID: String?
  /// Beyond all safety stocks at sellable locations, before anything is subtracted for backorders. May be negative.
  public let free: Int64
  /// What a new order may be promised: what is free, less what is owed.
  public let availableToPromise: Int64
  /// Over all locations.
  public let total: Quantities
  /// By location and lot.
  public let locations: [Place]
  /// How many locations and lots are left out.
  public let more: Int64
  /// What is on its way between two locations: on hand at `in-transit`, and promised to nobody.
  public let inTransit: Int64
  /// Its transfers that are on their way, the oldest first, ten at most.
  public let transfers: [Transfer]

  /// A line of a transfer.
  public struct Transfer: Encodable, Sendable {
    /// Which transfer.
    public let transferID: String
    /// Which lot; empty where there is none.
    public let lot: String
    /// Where it left.
    public let fromLocationID: String
    /// Where it is expected.
    public let toLocationID: String
    /// Units that are still on their way.
    public let quantity: Int64
    /// When its dispatch was recorded.
    public let dispatchedAt: Timestamp
  }

  /// Quantities of one balance, or of several.
  public struct Quantities: Encodable, Sendable {
    /// Physically there.
    public let onHand: Int64
    /// Promised to orders.
    public let reserved: Int64
    /// There, but not sellable.
    public let damaged: Int64
    /// There, waiting for a decision.
    public let qualityControl: Int64
    /// Neither damaged, held, nor promised.
    public let available: Int64
  }

  /// One location and lot.
  public struct Place: Encodable, Sendable {
    /// Where.
    public let locationID: String
    /// Which lot; empty where there is none.
    public let lot: String
    /// Whether orders may be allocated from here.
    public let sellable: Bool
    /// What is here.
    public let quantities: Quantities
    /// When the time of the lot is up.
    public let expiresAt: Timestamp?
    /// Whether that is past: nothing of it is promised any more.
    public let expired: Bool
    /// What a new order may take from the location over all its lots: what has not expired, beyond the safety stock.
    /// Told by the location's row without a lot.
    public let allocatable: Int64
    /// Kept back from new promises.
    public let safetyStock: Int64
    /// Low at or below this.
    public let reorderPoint: Int64
    /// Normal again at or above this.
    public let recoverPoint: Int64
    /// `normal`, `low` or `out`, here.
    public let alert: String
    /// Names the shortage here while there is one.
    public let episodeID: String?
  }
}

extension ViewDesk {
  /// What there is of a SKU.
  ///
  /// - Parameters:
  ///   - sku: Which.
  ///   - limit: How many locations and lots at most.
  /// - Returns: nil where nobody has ever spoken of it.
  public func stock(_ sku: String, limit: Int = 1000) throws -> StockView? {
    try database.snapshot {
      let items = try database.query(.once(ViewStatements.stockItem), [.text(sku)])
      guard items.count == 1 else { return nil }
      let places = try read(ViewStatements.balances, [.text(sku), .int(Int64(limit))]) { place($0, $1, of: sku) }
      let sums = try database.query(.once(ViewStatements.balanceSums), [.text(sku)])
      let transfers = try read(ViewStatements.transfers, [.text(sku)]) { rows, row in
        StockView.Transfer(
          transferID: rows.text(row, 0), lot: rows.text(row, 1), fromLocationID: rows.text(row, 2),
          toLocationID: rows.text(row, 3), quantity: rows.int(row, 4), dispatchedAt: rows.time(row, 5))
      }
      let owed = items.int(0, 4)
      let free = sums.int(0, 5)
      return StockView(
        sku: items.text(0, 0), name: items.optionalText(0, 1), category: items.optionalText(0, 2),
        registered: items.bool(0, 3), discontinued: items.bool(0, 10), barcodes: list(items.text(0, 11)),
        units: list(items.text(0, 12)), owed: owed, linesWaiting: items.int(0, 13), safetyStock: items.int(0, 5),
        reorderPoint: items.int(0, 6), recoverPoint: items.int(0, 7), alert: items.text(0, 8),
        episodeID: items.text(0, 8) == "normal" ? nil : StockLevel.episodeID(sku, nil, items.int(0, 9)), free: free,
        availableToPromise: max(0, free - owed), total: quantities(sums, 0, from: 1), locations: places,
        more: sums.int(0, 0) - Int64(places.count), inTransit: sums.int(0, 6), transfers: transfers)
    }
  }

  /// The SKU that a barcode names, if it is one.
  public func sku(ofBarcode text: String) throws -> String? {
    guard (8...14).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return try database.snapshot { try read(ViewStatements.skuOfBarcode, [.text(text)]) { $0.text($1, 0) }.first }
  }

  private func list(_ text: String) -> [String] {
    text.split(separator: ",").map { String($0.drop { $0 == " " }) }
  }

  private func quantities(_ rows: Rows, _ row: Int, from column: Int) -> StockView.Quantities {
    let (onHand, reserved) = (rows.int(row, column), rows.int(row, column + 1))
    let (damaged, held) = (rows.int(row, column + 2), rows.int(row, column + 3))
    return StockView.Quantities(
      onHand: onHand, reserved: reserved, damaged: damaged, qualityControl: held,
      available: onHand - reserved - damaged - held)
  }

  private func place(_ rows: Rows, _ row: Int, of sku: String) -> StockView.Place {
    let quantities = quantities(rows, row, from: 3)
    let (location, sellable) = (rows.text(row, 0), rows.bool(row, 2))
    let (safety, alert) = (rows.int(row, 7), rows.text(row, 10))
    return StockView.Place(
      locationID: location, lot: rows.text(row, 1), sellable: sellable, quantities: quantities,
      expiresAt: rows.optionalTime(row, 12), expired: rows.bool(row, 14), allocatable: rows.int(row, 13),
      safetyStock: safety,
      reorderPoint: rows.int(row, 8), recoverPoint: rows.int(row, 9), alert: alert,
      episodeID: alert == "normal" ? nil : StockLevel.episodeID(sku, location, rows.int(row, 11)))
  }
}
