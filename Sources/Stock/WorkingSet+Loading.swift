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
      // In order: the server, which has to search for them in order, would sort them by itself, once per statement.
      let skus = Parameter.texts(keys.skus.sorted()) { $0.value }
      try database.send(StockStatements.lockAnchors, [skus])
      if !keys.places.isEmpty { try sendMissingBalances(keys, on: database) }
      try database.send(StockStatements.balances, [skus])
      try sendUsedUpLots(keys.lots, on: database)
    }
    if !keys.orders.isEmpty { try sendOrders(keys, on: database) }
  }

  /// Makes balances that are missing, zeroed: where the SKU has an anchor and the location is known.
  private func sendMissingBalances(_ keys: StockKeys, on database: Connection) throws {
    let sorted = keys.places.union(keys.places.map { Place($0.sku, $0.location) }).sorted()
    try database.send(
      StockStatements.createBalances,
      [
        .texts(sorted.map(\.sku.value)), .texts(sorted.map(\.location.value)), .texts(sorted.map(\.lot)),
        .bools(sorted.map { keys.newLocations[$0.location]?.sellable }),
        .int4s(sorted.map { keys.newLocations[$0.location]?.priority }),
      ])
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
      let items = loadAnchors(try database.receive())
      let made = keys.places.isEmpty ? [] : ids(try database.receive())
      loadBalances(try database.receive(), of: items)
      if !keys.lots.isEmpty { addUsedUpLots(try database.receive()) }
      if !made.isEmpty { markFresh(made, items) }
    }
    if !keys.orders.isEmpty { try receiveOrders(on: database) }
  }

  private func ids(_ rows: Rows) -> Set<Int64> { Set((0..<rows.count).map { rows.int($0, 0) }) }

  private func markFresh(_ made: Set<Int64>, _ items: [StockItem]) {
    hasFresh = true
    for item in items {
      for balance in item.places where made.contains(balance.id) { balance.isFresh = true }
    }
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

  /// - Returns: In the order of their SKUs.
  private func loadAnchors(_ rows: Rows) -> [StockItem] {
    reserve(rows.count)
    var items: [StockItem] = []
    items.reserveCapacity(rows.count)
    for row in 0..<rows.count {
      let item = StockItem(StockItem.Row(rows, row, rows.numbers(row, 2) { StockItem.Numbers(&$0) }))
      items.append(item)
      add(item)
    }
    return items
  }

  /// The rows come in the order of the anchors' SKUs, all balances of one together.
  private func loadBalances(_ rows: Rows, of items: [StockItem]) {
    var item: StockItem?
    var next = 0
    // Few SKUs lie in more places; growing from one to two and four would be three arrays.
    var places: [Balance] = []
    for row in 0..<rows.count {
      let own = Balance.Row(rows, row)
      if item?.row.sku != own.sku {
        item?.places = places
        while next < items.count, items[next].row.sku < own.sku { next += 1 }
        item = next < items.count && items[next].row.sku == own.sku ? items[next] : nil
        places = []
        places.reserveCapacity(4)
      }
      places.append(Balance(own, of: item))
    }
    item?.places = places
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
      let line = OrderLine(
        number: rows.int4(row, 1), sku: SKU(trusted: rows.text(row, 2)), ordered: rows.int(row, 3),
        placed: rows.optionalInt(row, 8), calledOff: rows.optionalInt(row, 9) ?? 0,
        isClosed: rows.optionalBool(row, 10) ?? false,
        reserved: rows.int(row, 4), backordered: rows.int(row, 5), shipped: rows.int(row, 6),
        cancelled: rows.int(row, 7), isDivisible: order.terms.policy == .partial, isNew: false)
      order.parts.append(line)
      guard let location = rows.optionalText(row, 11) else { continue }
      let kept = Reservation(
        number: 1, location: LocationID(trusted: location), lot: "", quantity: line.reserved, open: line.reserved,
        consumed: 0, released: 0, policy: rows.text(row, 12), candidates: rows.text(row, 13),
        createdAt: Timestamp(microseconds: rows.timestamp(row, 14)), isNew: false, isChanged: false)
      kept.isKeptByLine = true
      line.promises.append(kept)
    }
  }

  private func loadReservations(_ rows: Rows) {
    for row in 0..<rows.count {
      order(OrderID(trusted: rows.text(row, 0)))?.line(rows.int4(row, 1))?.promises.append(
        Reservation(
          number: rows.int4(row, 2), location: LocationID(trusted: rows.text(row, 3)), lot: rows.text(row, 4),
          quantity: rows.int(row, 5), open: rows.int(row, 6), consumed: rows.int(row, 7), released: rows.int(row, 8),
          policy: rows.text(row, 9), candidates: rows.text(row, 10),
          createdAt: Timestamp(microseconds: rows.timestamp(row, 11)), isNew: false, isChanged: false))
    }
  }

  private func loadBackorders(_ rows: Rows) {
    for row in 0..<rows.count {
      order(OrderID(trusted: rows.text(row, 0)))?.line(rows.int4(row, 1))?.waiting = Backorder(
        quantity: rows.int(row, 2), open: rows.int(row, 3), filled: rows.int(row, 4), cancelled: rows.int(row, 5),
        isFillable: rows.bool(row, 7), createdAt: Timestamp(microseconds: rows.timestamp(row, 6)), isNew: false,
        isChanged: false)
    }
  }
}

extension StockItem {
  /// The numbers of a row of ``StockStatements/lockAnchors``.
  fileprivate struct Numbers {
    let isRegistered: Int64, owed: Int64
    let levels: Levels
    let sequence: Int64, isDiscontinued: Int64

    init(_ numbers: inout NumberReader) {
      isRegistered = numbers.next()
      owed = numbers.next()
      levels = Levels(&numbers)
      sequence = numbers.next()
      isDiscontinued = numbers.next()
    }
  }
}

extension StockItem.Row {
  fileprivate init(_ rows: Rows, _ row: Int, _ numbers: StockItem.Numbers) {
    self.init(
      tid: rows.tid(row, 0), sku: SKU(trusted: rows.text(row, 1)), isRegistered: numbers.isRegistered != 0,
      isDiscontinued: numbers.isDiscontinued != 0, owed: numbers.owed, safetyStock: numbers.levels.safetyStock,
      band: numbers.levels.band, alert: numbers.levels.alert, episode: numbers.levels.episode,
      sequence: numbers.sequence)
  }
}

extension Balance {
  /// The numbers of a row of ``StockStatements/balances``.
  fileprivate struct Numbers {
    let id: Int64, onHand: Int64, reserved: Int64, damaged: Int64, qualityControl: Int64
    let levels: Levels
    let seq: Int64, priority: Int64, isSellable: Int64

    init(_ numbers: inout NumberReader) {
      id = numbers.next()
      onHand = numbers.next()
      reserved = numbers.next()
      damaged = numbers.next()
      qualityControl = numbers.next()
      levels = Levels(&numbers)
      seq = numbers.next()
      priority = numbers.next()
      isSellable = numbers.next()
    }
  }
}

extension Balance.Row {
  /// A row with the columns of ``StockStatements/balances``.
  init(_ rows: Rows, _ row: Int) {
    self.init(rows, row, rows.numbers(row, 5) { Balance.Numbers(&$0) })
  }

  private init(_ rows: Rows, _ row: Int, _ numbers: Balance.Numbers) {
    self.init(
      id: numbers.id, tid: rows.tid(row, 0), sku: SKU(trusted: rows.text(row, 1)),
      location: LocationID(trusted: rows.text(row, 2)), lot: rows.text(row, 3), isSellable: numbers.isSellable != 0,
      priority: Int32(truncatingIfNeeded: numbers.priority), onHand: numbers.onHand, reserved: numbers.reserved,
      damaged: numbers.damaged, qualityControl: numbers.qualityControl, safetyStock: numbers.levels.safetyStock,
      band: numbers.levels.band, alert: numbers.levels.alert, episode: numbers.levels.episode, seq: numbers.seq,
      recordedAt: Timestamp(microseconds: rows.timestamp(row, 4)))
  }
}

/// The numbers of ``StockStatements/levels``.
private struct Levels {
  let safetyStock: Int64
  let band: AlertBand
  let alert: AlertState
  let episode: Int64

  init(_ numbers: inout NumberReader) {
    safetyStock = numbers.next()
    band = AlertBand(reorderPoint: numbers.next(), recoverPoint: numbers.next())
    alert = AlertState(code: numbers.next())
    episode = numbers.next()
  }
}

extension AlertState {
  /// As ``StockStatements/levels`` numbers them.
  fileprivate init(code: Int64) {
    self =
      switch code {
      case 1: .low
      case 2: .out
      default: .normal
      }
  }
}
