import Contracts
import Postgres

// Lots that are used up stay, since they may come again, but only those are loaded that a message is about.

extension WorkingSet {
  /// Queues the question for what is used up at these places; the answer goes to ``addUsedUpLots(_:)``. None for none.
  func sendUsedUpLots(_ places: Set<Place>, on database: Connection) throws {
    guard !places.isEmpty else { return }
    let sorted = places.sorted()
    try database.send(
      StockStatements.usedUpLots,
      [.texts(sorted) { $0.sku.value }, .texts(sorted) { $0.location.value }, .texts(sorted) { $0.lot }])
  }

  /// Loads the balances of these places that are not loaded yet.
  ///
  /// Called while their anchors are locked and before ``loadLots(on:)``.
  public func loadUsedUpLots(at places: Set<Place>, on database: Connection) throws {
    let missing = places.filter { !$0.lot.isEmpty && item($0.sku)?.balance(at: $0.location, lot: $0.lot) == nil }
    guard !missing.isEmpty else { return }
    try sendUsedUpLots(missing, on: database)
    try database.sync()
    addUsedUpLots(try database.receive())
    try database.receiveSync()
  }

  /// Loads the balances of all lots that these SKUs ever had.
  ///
  /// Called while their anchors are locked and before ``loadLots(on:)``.
  public func loadUsedUpLots(of skus: Set<SKU>, on database: Connection) throws {
    guard !skus.isEmpty else { return }
    addUsedUpLots(try database.query(StockStatements.allUsedUpLots, [.texts(skus.sorted().map(\.value))]))
  }

  func addUsedUpLots(_ rows: Rows) {
    var found: [SKU: [Balance.Row]] = [:]
    for row in 0..<rows.count {
      let own = Balance.Row(rows, row)
      found[own.sku, default: []].append(own)
    }
    for (sku, rows) in found {
      guard let item = item(sku) else { continue }
      let known = Set(item.places.map(\.row.id))
      for row in rows where !known.contains(row.id) { item.places.append(Balance(row, of: item)) }
      item.places.sort { ($0.row.location, $0.row.lot) < ($1.row.location, $1.row.lot) }
    }
  }
}
