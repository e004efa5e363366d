import Contracts
import Postgres

extension WorkingSet {
  /// How many backorders a transaction fills at most: what it reads and writes stays bounded, however many wait.
  public static let fillLimit: Int64 = 2000
  /// But so many of each SKU, however many SKUs a delivery brings.
  static let leastOfEach: Int64 = 20

  /// How many of the orders that wait as a whole for a SKU are looked at when its stock may have grown.
  static let blockedLimit: Int64 = 500

  // MARK: Candidates, read without locks

  /// SKUs that rest with backorders and with stock that could fill them, read without locks.
  public static func fillableSKUs(on database: Connection) throws -> [SKU] {
    let rows = try database.query(BackorderStatements.fillable)
    return (0..<rows.count).map { SKU(trusted: rows.text($0, 0)) }
  }

  /// Orders that wait as a whole, or with a whole line, while that could be reserved; read without locks.
  ///
  /// - Returns: The best ranked, each with a SKU that it waits for.
  public static func fillableOrders(on database: Connection) throws -> [(order: OrderID, sku: SKU)] {
    let rows = try database.query(BackorderStatements.fillableOrders)
    return (0..<rows.count).map { (OrderID(trusted: rows.text($0, 0)), SKU(trusted: rows.text($0, 1))) }
  }

  /// Orders that wait as a whole, or with a whole line, for one of these SKUs and could be filled, as far as can be
  /// seen without locks.
  public static func blockedOrders(of skus: Set<SKU>, on database: Connection) throws -> Set<OrderID> {
    guard !skus.isEmpty else { return [] }
    let rows = try database.query(
      BackorderStatements.blocked, [.texts(skus.sorted().map(\.value)), .int(blockedLimit)])
    return Set((0..<rows.count).map { OrderID(trusted: rows.text($0, 0)) })
  }

  // MARK: Ranked, under the locks of their anchors

  /// A line that waits.
  public struct Waiting: Sendable {
    /// What it waits for.
    public let sku: SKU
    /// Its order.
    public let order: OrderID
    /// Its number.
    public let line: Int32
  }

  /// Finds the backorders that the free stock of these SKUs covers, best rank first, and locks and loads their orders.
  ///
  /// Called while the SKUs' anchors are locked: nobody else can change a backorder of theirs.
  ///
  /// - Parameters:
  ///   - skus: SKUs whose stock may have grown.
  ///   - blocked: Orders, locked already, that wait as a whole or with whole lines: they take their places by rank.
  ///   - limit: How many of all SKUs together.
  /// - Returns: By SKU and rank; of what may be filled in part no more than what is free covers.
  public func loadRanked(
    _ skus: [SKU], blocked: Set<OrderID> = [], limit: Int64 = WorkingSet.fillLimit, on database: Connection
  ) throws -> [SKU: [Waiting]] {
    let free = skus.compactMap { item($0) }.filter { $0.free > 0 }
    var ranked = Dictionary(grouping: try loadOwed(free.filter { $0.owed > 0 }, limit, on: database), by: \.sku)
    for item in free {
      let whole = blocked.compactMap { order($0) }.flatMap { order in
        order.lines.filter { $0.sku == item.sku && $0.backorder?.isFillable == false && $0.backordered > 0 }.map {
          Waiting(sku: item.sku, order: order.id, line: $0.number)
        }
      }
      if !whole.isEmpty { ranked[item.sku] = (ranked[item.sku, default: []] + whole).sorted(by: precedes) }
    }
    return ranked
  }

  private func loadOwed(_ owing: [StockItem], _ limit: Int64, on database: Connection) throws -> [Waiting] {
    guard !owing.isEmpty else { return [] }
    let each = max(WorkingSet.leastOfEach, limit / Int64(owing.count))
    let rows = try database.query(
      BackorderStatements.ranked, [.texts(owing.map(\.sku.value)), .ints(owing.map(\.free)), .int(each)])
    let waiting = (0..<rows.count).map { row in
      Waiting(sku: SKU(trusted: rows.text(row, 0)), order: OrderID(trusted: rows.text(row, 1)), line: rows.int4(row, 2))
    }
    try loadOrders(Set(waiting.map(\.order)), on: database)
    return waiting
  }

  /// The order in which stock fills backorders: `priority DESC, need_by NULLS LAST, created_at, order, line`.
  private func precedes(_ one: Waiting, _ other: Waiting) -> Bool {
    guard let mine = order(one.order), let theirs = order(other.order) else { return one.order < other.order }
    if mine.priority != theirs.priority { return mine.priority > theirs.priority }
    if mine.needBy != theirs.needBy { return (mine.needBy ?? .distantFuture) < (theirs.needBy ?? .distantFuture) }
    let since = (mine.line(one.line)?.backorder?.createdAt, theirs.line(other.line)?.backorder?.createdAt)
    if let mine = since.0, let theirs = since.1, mine != theirs { return mine < theirs }
    return (one.order, one.line) < (other.order, other.line)
  }
}

extension Timestamp {
  fileprivate static let distantFuture = Timestamp(microseconds: .max)
}
