import Contracts
import Postgres

extension WorkingSet {
  // MARK: Step 0, before the transaction

  /// Creates missing anchors, zeroed and sorted, in autocommit.
  public static func createAnchors(_ skus: Set<SKU>, on database: Connection) throws {
    guard !skus.isEmpty else { return }
    _ = try database.query(StockStatements.createAnchors, [.texts(skus.sorted().map(\.value))])
  }

  /// A place where stock can be.
  public struct Place: Hashable, Comparable, Sendable {
    /// What.
    public let sku: SKU
    /// Where.
    public let location: LocationID
    /// Which lot; empty where there is none.
    public let lot: String

    /// A SKU at a location, and a lot of it there.
    public init(_ sku: SKU, _ location: LocationID, lot: LotID? = nil) {
      self.sku = sku
      self.location = location
      self.lot = lot?.value ?? ""
    }

    /// By SKU, location and lot: the lock order.
    public static func < (one: Place, other: Place) -> Bool {
      (one.sku, one.location, one.lot) < (other.sku, other.location, other.lot)
    }
  }

  /// Creates missing balances, zeroed and sorted, in autocommit: where the SKU has an anchor and the location is known.
  ///
  /// - Parameters:
  ///   - places: Where stock is about to be. Where a lot is, there is also a balance without one, which stands for the
  ///     location.
  ///   - newLocations: Locations that the batch itself registers.
  public static func createBalances(
    _ places: Set<Place>, newLocations: [LocationID: LocationRegistered], on database: Connection
  ) throws {
    guard !places.isEmpty else { return }
    let sorted = places.union(places.map { Place($0.sku, $0.location) }).sorted()
    _ = try database.query(
      StockStatements.createBalances,
      [
        .texts(sorted.map(\.sku.value)), .texts(sorted.map(\.location.value)), .texts(sorted.map(\.lot)),
        .bools(sorted.map { newLocations[$0.location]?.sellable }),
        .int4s(sorted.map { newLocations[$0.location]?.priority }),
      ])
  }

  /// The SKUs of existing orders, read without locks: what a cancellation or shipment will have to lock.
  public static func skus(of orders: Set<OrderID>, on database: Connection) throws -> Set<SKU> {
    guard !orders.isEmpty else { return [] }
    let rows = try database.query(StockStatements.skusOfOrders, [.texts(orders.sorted().map(\.value))])
    return Set((0..<rows.count).map { SKU(trusted: rows.text($0, 0)) })
  }

  // MARK: Locking, in the one global order: anchors, balances, orders

  /// Queues the locking statements and what the locked rows protect.
  public func sendLocks(_ keys: StockKeys, on database: Connection) throws {
    if !keys.skus.isEmpty {
      let skus = Parameter.texts(Array(keys.skus)) { $0.value }
      try database.send(StockStatements.lockAnchors, [skus])
      try database.send(StockStatements.balances, [skus, .bool(keys.includesUsedUpLots)])
    }
    if !keys.orders.isEmpty { try sendOrders(keys, on: database) }
  }

  func sendOrders(_ keys: StockKeys, on database: Connection) throws {
    let orders = Parameter.texts(Array(keys.orders)) { $0.value }
    try database.send(StockStatements.lockOrders, [orders])
    try database.send(StockStatements.lines, [orders])
    try database.send(StockStatements.reservations, [orders])
    try database.send(StockStatements.backorders, [orders])
  }

  /// Reads the answers to ``sendLocks(_:on:)``.
  ///
  /// - Throws: ``PostgresError``.
  public func receiveLocks(_ keys: StockKeys, on database: Connection) throws {
    if !keys.skus.isEmpty {
      loadAnchors(try database.receive())
      loadBalances(try database.receive())
    }
    if !keys.orders.isEmpty { try receiveOrders(on: database) }
  }

  func receiveOrders(on database: Connection) throws {
    loadOrders(try database.receive())
    loadLines(try database.receive())
    loadReservations(try database.receive())
    loadBackorders(try database.receive())
  }

  /// Locks and loads those of the orders that are not loaded yet.
  func loadOrders(_ orders: Set<OrderID>, on database: Connection) throws {
    var missing = StockKeys()
    missing.orders = orders.filter { order($0) == nil }
    guard !missing.orders.isEmpty else { return }
    try sendOrders(missing, on: database)
    try database.sync()
    try receiveOrders(on: database)
    try database.receiveSync()
  }

  // MARK: Rows into objects

  private func loadAnchors(_ rows: Rows) {
    for row in 0..<rows.count {
      add(
        StockItem(
          StockItem.Row(
            tid: rows.tid(row, 0), sku: SKU(trusted: rows.text(row, 1)), isRegistered: rows.bool(row, 2),
            isDiscontinued: rows.bool(row, 10), owed: rows.int(row, 3), safetyStock: rows.int(row, 4),
            band: AlertBand(reorderPoint: rows.int(row, 5), recoverPoint: rows.int(row, 6)),
            alert: AlertState(rawValue: rows.text(row, 7)) ?? .normal, episode: rows.int(row, 8),
            sequence: rows.int(row, 9))))
    }
  }

  /// The rows come in the order of the anchors' SKUs, all balances of one together.
  private func loadBalances(_ rows: Rows) {
    var item: StockItem?
    for row in 0..<rows.count {
      let balance = Balance(
        Balance.Row(
          id: rows.int(row, 4), tid: rows.tid(row, 0), sku: SKU(trusted: rows.text(row, 1)),
          location: LocationID(trusted: rows.text(row, 2)), lot: rows.text(row, 3), isSellable: rows.bool(row, 9),
          priority: rows.int4(row, 10), onHand: rows.int(row, 5), reserved: rows.int(row, 6), damaged: rows.int(row, 7),
          qualityControl: rows.int(row, 8), safetyStock: rows.int(row, 11),
          band: AlertBand(reorderPoint: rows.int(row, 12), recoverPoint: rows.int(row, 13)),
          alert: AlertState(rawValue: rows.text(row, 14)) ?? .normal, episode: rows.int(row, 15),
          seq: rows.int(row, 16),
          recordedAt: Timestamp(microseconds: rows.timestamp(row, 17))))
      if item?.sku != balance.sku { item = self.item(balance.sku) }
      balance.item = item
      item?.balances.append(balance)
    }
  }

  private func loadOrders(_ rows: Rows) {
    for row in 0..<rows.count {
      let order = Order(
        id: OrderID(trusted: rows.text(row, 0)), customer: rows.optionalText(row, 1).map(CustomerID.init(trusted:)),
        allowsBackorder: rows.text(row, 3) == "allow", priority: rows.int4(row, 4),
        needBy: rows.optionalTimestamp(row, 5).map(Timestamp.init(microseconds:)),
        terms: OrderTerms(
          policy: FulfilmentPolicy(rawValue: rows.text(row, 9)) ?? .partial,
          expiresAt: rows.optionalTimestamp(row, 11).map(Timestamp.init(microseconds:)),
          locationPolicy: rows.optionalText(row, 14).flatMap(LocationPolicyName.init(rawValue:)),
          destination: rows.coordinates(row, 15, 16)),
        orderedAt: Timestamp(microseconds: rows.timestamp(row, 6)), lines: [],
        state: OrderState(rawValue: rows.text(row, 2)) ?? .cancelled, closedReason: rows.optionalText(row, 7),
        delivered: rows.optionalInt(row, 10) ?? 0, sequence: rows.int(row, 8), isNew: false)
      order.holdUntil = rows.optionalTimestamp(row, 12).map(Timestamp.init(microseconds:))
      order.revision = rows.optionalInt(row, 13)
      add(order)
    }
  }

  private func loadLines(_ rows: Rows) {
    for row in 0..<rows.count {
      guard let order = order(OrderID(trusted: rows.text(row, 0))) else { continue }
      order.lines.append(
        OrderLine(
          number: rows.int4(row, 1), sku: SKU(trusted: rows.text(row, 2)), ordered: rows.int(row, 3),
          placed: rows.optionalInt(row, 8), calledOff: rows.optionalInt(row, 9) ?? 0,
          isClosed: rows.optionalBool(row, 10) ?? false,
          reserved: rows.int(row, 4), backordered: rows.int(row, 5), shipped: rows.int(row, 6),
          cancelled: rows.int(row, 7), isDivisible: order.terms.policy == .partial, isNew: false))
    }
  }

  private func loadReservations(_ rows: Rows) {
    for row in 0..<rows.count {
      order(OrderID(trusted: rows.text(row, 0)))?.line(rows.int4(row, 1))?.reservations.append(
        Reservation(
          number: rows.int4(row, 2), location: LocationID(trusted: rows.text(row, 3)), lot: rows.text(row, 4),
          quantity: rows.int(row, 5), open: rows.int(row, 6), consumed: rows.int(row, 7), released: rows.int(row, 8),
          policy: rows.text(row, 9), candidates: rows.text(row, 10),
          createdAt: Timestamp(microseconds: rows.timestamp(row, 11)), isNew: false, isChanged: false))
    }
  }

  private func loadBackorders(_ rows: Rows) {
    for row in 0..<rows.count {
      order(OrderID(trusted: rows.text(row, 0)))?.line(rows.int4(row, 1))?.backorder = Backorder(
        quantity: rows.int(row, 2), open: rows.int(row, 3), filled: rows.int(row, 4), cancelled: rows.int(row, 5),
        isFillable: rows.bool(row, 7), createdAt: Timestamp(microseconds: rows.timestamp(row, 6)), isNew: false,
        isChanged: false)
    }
  }
}
