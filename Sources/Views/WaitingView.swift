import Contracts
import Postgres

/// An order line that waits for stock.
public struct WaitingLine: Encodable, Sendable {
  /// What it waits for.
  public let sku: String
  /// 1 is filled first; absent for what stock could not fill now.
  public let place: Int64?
  /// The order.
  public let orderID: String
  /// The line.
  public let line: Int32
  /// What waited at first, or was added since.
  public let quantity: Int64
  /// What still waits.
  public let openQuantity: Int64
  /// Units that are filled before this line.
  public let unitsAhead: Int64?
  /// Higher is served first.
  public let priority: Int32
  /// When the customer needs it.
  public let needBy: Timestamp?
  /// Since when it waits.
  public let since: Timestamp
}

/// What a SKU has for those who wait.
public struct WaitingItem: Encodable, Sendable {
  /// The SKU.
  public let sku: String
  /// What open backorders could take now.
  public let owed: Int64
  /// Beyond all safety stocks, before anything is subtracted for backorders. May be negative.
  public let free: Int64
}

/// Who waits, in the order in which stock fills them.
public struct WaitingView: Encodable, Sendable {
  /// The SKUs of the lines.
  public let items: [WaitingItem]
  /// The lines.
  public let lines: [WaitingLine]
  /// Whether there are more lines.
  public let hasMore: Bool
}

extension ViewDesk {
  /// Order lines that wait, in filling order; after them those that stock could not fill now.
  ///
  /// - Parameters:
  ///   - sku: Only for this one.
  ///   - limit: How many lines at most.
  public func backorders(_ sku: String?, limit: Int) throws -> WaitingView {
    try database.snapshot {
      var found = try read(ViewStatements.backorders, [.text(sku), .int(Int64(limit) + 1)], waitingLine)
      if found.count <= limit {
        let left = Int64(limit + 1 - found.count)
        found += try read(ViewStatements.blockedBackorders, [.text(sku), .int(left)], waitingLine)
      }
      let page = Page(found, limit: limit)
      return WaitingView(
        items: try waitingItems(Set(page.rows.map(\.sku))), lines: page.rows, hasMore: page.hasMore)
    }
  }

  func waitingItems(_ skus: Set<String>) throws -> [WaitingItem] {
    try read(ViewStatements.owingItems, [.texts(skus.sorted())]) { rows, row in
      WaitingItem(sku: rows.text(row, 0), owed: rows.int(row, 1), free: rows.int(row, 2))
    }
  }

  private func waitingLine(_ rows: Rows, _ row: Int) -> WaitingLine {
    WaitingLine(
      sku: rows.text(row, 0), place: rows.optionalInt(row, 1), orderID: rows.text(row, 2), line: rows.int4(row, 3),
      quantity: rows.int(row, 4), openQuantity: rows.int(row, 5), unitsAhead: rows.optionalInt(row, 6),
      priority: rows.int4(row, 7), needBy: rows.optionalTime(row, 8), since: rows.time(row, 9))
  }
}
