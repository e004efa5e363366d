import Contracts
import Postgres
import Stock

extension InventoryState {
  // MARK: Reading

  func sendLookups(on database: Connection) throws {
    try sendCatalogueLookups(on: database)
    if !requests.locations.isEmpty {
      try database.send(InventoryStatements.locations, [.texts(requests.locations.map(\.value))])
    }
    if !requests.receipts.isEmpty {
      try database.send(InventoryStatements.receipts, [.texts(requests.receipts.map(\.value))])
    }
    if !requests.moves.isEmpty {
      try database.send(InventoryStatements.moves, [.texts(requests.moves.map(\.value))])
    }
    if !requests.policies.isEmpty {
      try database.send(InventoryStatements.policies, [.texts(requests.policies.map(\.value))])
    }
  }

  func receiveLookups(on database: Connection) throws {
    try receiveCatalogueLookups(on: database)
    if !requests.locations.isEmpty { loadLocations(try database.receive()) }
    if !requests.receipts.isEmpty { loadReceipts(try database.receive()) }
    if !requests.moves.isEmpty { loadMoves(try database.receive()) }
    if !requests.policies.isEmpty { loadPolicies(try database.receive()) }
  }

  private func loadLocations(_ rows: Rows) {
    for row in 0..<rows.count {
      let id = LocationID(trusted: rows.text(row, 0))
      locations[id] = LocationRegistered(
        locationID: id, name: rows.text(row, 1), priority: rows.int4(row, 2), sellable: rows.bool(row, 3),
        coordinates: rows.coordinates(row, 4, 5))
    }
  }

  private func loadReceipts(_ rows: Rows) {
    for row in 0..<rows.count {
      let id = ReceiptID(trusted: rows.text(row, 0))
      let sku = SKU(trusted: rows.text(row, 1))
      let quantity = rows.int(row, 3)
      let said = GoodsReceived(
        receiptID: id, sku: sku, barcode: rows.optionalText(row, 5).map(Barcode.init(trusted:)),
        locationID: LocationID(trusted: rows.text(row, 2)), quantity: rows.optionalInt(row, 7) ?? quantity,
        unit: rows.optionalText(row, 6).map(UnitName.init(trusted:)),
        lot: rows.optionalText(row, 8).map(LotID.init(trusted:)),
        expiresAt: rows.optionalTimestamp(row, 9).map(Timestamp.init(microseconds:)),
        reference: rows.optionalText(row, 4))
      receipts[id] = BookedReceipt(said: said, sku: sku, quantity: quantity)
    }
  }

  private func loadMoves(_ rows: Rows) {
    for row in 0..<rows.count {
      let id = MoveID(trusted: rows.text(row, 0))
      moves[id] = StockMoveRequested(
        moveID: id, sku: SKU(trusted: rows.text(row, 1)), fromLocationID: LocationID(trusted: rows.text(row, 2)),
        toLocationID: LocationID(trusted: rows.text(row, 3)), quantity: rows.int(row, 4),
        lot: rows.optionalText(row, 6).map(LotID.init(trusted:)),
        reference: rows.optionalText(row, 5))
    }
  }

  private func loadPolicies(_ rows: Rows) {
    for row in 0..<rows.count {
      let place = PolicyPlace(sku: SKU(trusted: rows.text(row, 0)), reach: .init(stored: rows.text(row, 1)))
      policyTimes[place] = Timestamp(microseconds: rows.timestamp(row, 2))
      guard place.reach == .everyLocation, let safetyStock = rows.optionalInt(row, 3) else { continue }
      let band = AlertBand(reorderPoint: rows.int(row, 4), recoverPoint: rows.int(row, 5))
      defaultLevels[place.sku] = PolicyLevels(safetyStock: safetyStock, band)
    }
  }

  // MARK: Writing

  func sendRecords(to writes: inout WriteSet) throws {
    try sendCatalogue(to: &writes)
    try sendLocations(to: &writes)
    try sendReceipts(to: &writes)
    try sendMoves(to: &writes)
    try sendPolicies(to: &writes)
    try sendDefaultLevels(to: &writes)
  }

  private func sendLocations(to writes: inout WriteSet) throws {
    let rows = new.locations.sorted { $0.locationID < $1.locationID }
    if !rows.isEmpty {
      try writes.send(
        InventoryStatements.insertLocations,
        [
          .texts(rows.map(\.locationID.value)), .texts(rows.map(\.name)), .int4s(rows.map(\.priority)),
          .bools(rows.map(\.sellable)), .texts(rows.map { $0.coordinates?.columns.lat }),
          .texts(rows.map { $0.coordinates?.columns.lng }), .timestamp(stock.now.microseconds),
        ])
    }
    let placed = new.coordinates.sorted { $0.key < $1.key }
    guard !placed.isEmpty else { return }
    try writes.send(
      InventoryStatements.placeLocations,
      [
        .texts(placed.map(\.key.value)), .texts(placed.map(\.value.columns.lat)),
        .texts(placed.map(\.value.columns.lng)),
      ], changing: placed.count)
  }

  private func sendReceipts(to writes: inout WriteSet) throws {
    let rows = new.receipts.sorted { $0.said.receiptID < $1.said.receiptID }
    guard !rows.isEmpty else { return }
    try writes.send(
      InventoryStatements.insertReceipts,
      [
        .texts(rows.map(\.said.receiptID.value)), .texts(rows.map(\.sku.value)),
        .texts(rows.map(\.said.locationID.value)), .ints(rows.map(\.quantity)), .texts(rows.map(\.said.reference)),
        .texts(rows.map(\.said.barcode?.text)), .texts(rows.map(\.said.unit?.value)),
        .ints(rows.map { $0.said.unit == nil ? nil : $0.said.quantity }), .texts(rows.map(\.said.lot?.value)),
        .timestamps(rows.map(\.said.expiresAt?.microseconds)), .timestamp(stock.now.microseconds),
      ])
  }

  private func sendMoves(to writes: inout WriteSet) throws {
    let rows = new.moves.sorted { $0.request.moveID < $1.request.moveID }
    guard !rows.isEmpty else { return }
    try writes.send(
      InventoryStatements.insertMoves,
      [
        .texts(rows.map(\.request.moveID.value)), .texts(rows.map(\.request.sku.value)),
        .texts(rows.map(\.request.fromLocationID.value)), .texts(rows.map(\.request.toLocationID.value)),
        .ints(rows.map(\.request.quantity)), .texts(rows.map(\.request.reference)), .texts(rows.map(\.rejected)),
        .texts(rows.map(\.request.lot?.value)), .timestamp(stock.now.microseconds),
      ])
  }

  private func sendPolicies(to writes: inout WriteSet) throws {
    let rows = new.policies.sorted {
      ($0.key.sku.value, $0.key.reach.stored) < ($1.key.sku.value, $1.key.reach.stored)
    }
    guard !rows.isEmpty else { return }
    try writes.send(
      InventoryStatements.upsertPolicies,
      [
        .texts(rows.map(\.key.sku.value)), .texts(rows.map(\.key.reach.stored)),
        .timestamps(rows.map(\.value.microseconds)),
      ])
  }

  /// What balances that are made from now on begin with.
  private func sendDefaultLevels(to writes: inout WriteSet) throws {
    let rows = new.defaultLevels.values.sorted { $0.sku < $1.sku }
    guard !rows.isEmpty else { return }
    try writes.send(
      InventoryStatements.setDefaultLevels,
      [
        .texts(rows.map(\.sku.value)), .ints(rows.map(\.safetyStock)), .ints(rows.map(\.reorderPoint)),
        .ints(rows.map(\.recoverPoint)),
      ], changing: rows.count)
  }
}

extension InventoryState {
  /// Whether the levels of its SKU for every location are those of this one.
  func takesDefaultLevels(_ balance: Balance) -> Bool {
    balance.isSellable && balance.lot.isEmpty
      && policyTimes[PolicyPlace(sku: balance.sku, reach: .location(balance.location))] == nil
  }
}

extension InventoryState.PolicyPlace.Reach {
  /// As table `policies_set` has it: neither the empty text nor `*` can be a location.
  var stored: String {
    switch self {
    case .overall: ""
    case .everyLocation: "*"
    case .location(let location): location.value
    }
  }

  init(stored: String) {
    self =
      switch stored {
      case "": .overall
      case "*": .everyLocation
      default: .location(LocationID(trusted: stored))
      }
  }
}
