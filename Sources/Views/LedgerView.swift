import Contracts
import Postgres

/// One change of one quantity, with the message that caused it.
public struct LedgerLine: Encodable, Sendable {
  /// Where.
  public let locationID: String
  /// Which lot; empty where there is none.
  public let lot: String
  /// Counts the changes of this location and lot, without a gap.
  public let seq: Int64
  /// `on_hand`, `reserved`, `damaged` or `quality_control`.
  public let bucket: String
  /// Units; negative where they went away.
  public let delta: Int64
  /// The quantity after it.
  public let balanceAfter: Int64
  /// Why, such as `RECEIPT`.
  public let reason: String
  /// The order, receipt, move or shipment.
  public let reference: String
  /// The entry that it reverses.
  public let reverses: Int64?
  /// The worker that applied the message.
  public let consumer: String
  /// The message's CloudEvents source.
  public let source: String
  /// The message's CloudEvents id.
  public let messageID: String
  /// The publisher's clock.
  public let occurredAt: Timestamp
  /// The database's clock.
  public let recordedAt: Timestamp
  /// What document a person wrote about it, such as `count`; absent where nobody did.
  public internal(set) var paper: String?
  /// Who.
  public internal(set) var person: String?
  /// Why, in the warehouse's own word.
  public internal(set) var reasonCode: String?
  /// What they noted.
  public internal(set) var note: String?
  /// The count that may have seen this change already: it happened before the count, and was told after it.
  public internal(set) var lateFor: String?
}

/// Which changes are meant.
public struct LedgerFilter: Sendable {
  /// Of which SKU.
  public var sku: String
  /// Only here.
  public var location: String?
  /// Only since then, by the database's clock.
  public var since: Timestamp?
  /// Only before then.
  public var until: Timestamp?
  /// How many at most.
  public var limit: Int

  /// - Parameters:
  ///   - sku: Of which SKU.
  ///   - limit: How many at most.
  public init(sku: String, limit: Int) {
    self.sku = sku
    self.limit = limit
  }
}

extension ViewDesk {
  /// Changes of a SKU's quantities, the newest first.
  ///
  /// - Returns: nil where nobody has ever spoken of the SKU.
  public func ledger(_ filter: LedgerFilter) throws -> Page<LedgerLine>? {
    try database.snapshot {
      let known = try database.query(.once(ViewStatements.knowsSKU), [.text(filter.sku)])
      guard known.bool(0, 0) else { return nil }
      let found = try read(
        ViewStatements.ledger,
        [
          .text(filter.sku), .text(filter.location), .timestamp(filter.since?.microseconds),
          .timestamp(filter.until?.microseconds), .int(Int64(filter.limit) + 1),
        ]
      ) { rows, row in
        LedgerLine(
          locationID: rows.text(row, 0), lot: rows.text(row, 1), seq: rows.int(row, 2), bucket: rows.text(row, 3),
          delta: rows.int(row, 4), balanceAfter: rows.int(row, 5), reason: rows.text(row, 6),
          reference: rows.text(row, 7), reverses: rows.optionalInt(row, 8), consumer: rows.text(row, 9),
          source: rows.text(row, 10), messageID: rows.text(row, 11), occurredAt: rows.time(row, 12),
          recordedAt: rows.time(row, 13), paper: rows.optionalText(row, 14), person: rows.optionalText(row, 15),
          reasonCode: rows.optionalText(row, 16), note: rows.optionalText(row, 17),
          lateFor: rows.optionalText(row, 18))
      }
      return Page(found, limit: filter.limit)
    }
  }
}
