import Contracts
import Postgres

/// A level that is low or out now, at a location or over all of them.
public struct LowLevel: Encodable, Sendable {
  /// The SKU.
  public let sku: String
  /// As the catalogue has it.
  public let name: String?
  /// Where; absent over all locations.
  public let locationID: String?
  /// `low` or `out`.
  public let state: String
  /// What is available there, or can be promised over all locations.
  public let available: Int64
  /// What open backorders could take now; over all locations only.
  public let owed: Int64?
  /// Low at or below this.
  public let reorderPoint: Int64
  /// Normal again at or above this.
  public let recoverPoint: Int64
  /// The same in all events of one shortage.
  public let episodeID: String
  /// When the shortage began; absent where that was before it was written down.
  public let since: Timestamp?
}

extension ViewDesk {
  /// Every level that is low or out now: what has run out first, then by SKU and location. Not of discontinued
  /// products: nobody orders more of them.
  ///
  /// - Parameter limit: How many at most.
  public func low(limit: Int) throws -> Page<LowLevel> {
    try database.snapshot {
      let found = try read(ViewStatements.low, [.int(Int64(limit) + 1)]) { rows, row in
        let (sku, location) = (rows.text(row, 0), rows.optionalText(row, 2))
        return LowLevel(
          sku: sku, name: rows.optionalText(row, 1), locationID: location, state: rows.text(row, 3),
          available: rows.int(row, 4), owed: rows.optionalInt(row, 5), reorderPoint: rows.int(row, 6),
          recoverPoint: rows.int(row, 7), episodeID: StockLevel.episodeID(sku, location, rows.int(row, 8)),
          since: rows.optionalTime(row, 9))
      }
      return Page(found, limit: limit)
    }
  }
}
