import Contracts
import Postgres
import Stock

extension Papers {
  // MARK: Reading

  func sendLookups(on database: Connection) throws {
    if !counts.wanted.isEmpty {
      try database.send(PaperStatements.counts, [.texts(counts.wanted.map(\.value))])
      let counted = Array(countedPlaces)
      try database.send(
        PaperStatements.newestCounts,
        [.texts(counted) { $0.sku.value }, .texts(counted) { $0.location.value }, .texts(counted) { $0.lot }])
    }
    if !adjustments.wanted.isEmpty {
      try database.send(PaperStatements.adjustments, [.texts(adjustments.wanted.map(\.value))])
    }
    if !holds.wanted.isEmpty { try database.send(PaperStatements.holds, [.texts(holds.wanted.map(\.value))]) }
    if !releases.wanted.isEmpty { try database.send(PaperStatements.releases, [.texts(releases.wanted.map(\.value))]) }
    if !heldSKUs.isEmpty { try database.send(PaperStatements.held, [.texts(heldSKUs.map(\.value))]) }
  }

  mutating func receiveLookups(on database: Connection) throws {
    if !counts.wanted.isEmpty {
      loadCounts(try database.receive())
      let rows = try database.receive()
      for row in 0..<rows.count {
        newestCounts[Papers.place(rows, row, 0)] = LastCount(
          id: CountID(trusted: rows.text(row, 4)), counted: rows.int(row, 5),
          time: Timestamp(microseconds: rows.timestamp(row, 3)))
      }
    }
    if !adjustments.wanted.isEmpty { loadAdjustments(try database.receive()) }
    if !holds.wanted.isEmpty { loadHolds(try database.receive()) }
    if !releases.wanted.isEmpty { loadReleases(try database.receive()) }
    if !heldSKUs.isEmpty {
      let rows = try database.receive()
      for row in 0..<rows.count { held[Papers.place(rows, row, 0)] = rows.int(row, 3) }
    }
  }

  static func place(_ rows: Rows, _ row: Int, _ column: Int) -> WorkingSet.Place {
    WorkingSet.Place(
      SKU(trusted: rows.text(row, column)), LocationID(trusted: rows.text(row, column + 1)),
      lot: lot(rows.text(row, column + 2)))
  }

  static func lot(_ text: String) -> LotID? { text.isEmpty ? nil : LotID(trusted: text) }

  private mutating func loadCounts(_ rows: Rows) {
    for row in 0..<rows.count {
      let id = CountID(trusted: rows.text(row, 0))
      counts.known[id] = StockCounted(
        countID: id, sku: SKU(trusted: rows.text(row, 1)), locationID: LocationID(trusted: rows.text(row, 2)),
        lot: Papers.lot(rows.text(row, 3)), counted: rows.optionalInt(row, 4), difference: rows.optionalInt(row, 5),
        countedAt: Timestamp(microseconds: rows.timestamp(row, 6)), person: rows.optionalText(row, 7),
        reasonCode: rows.optionalText(row, 8))
    }
  }

  private mutating func loadAdjustments(_ rows: Rows) {
    for row in 0..<rows.count {
      let id = AdjustmentID(trusted: rows.text(row, 0))
      adjustments.known[id] = StockAdjustmentRequested(
        adjustmentID: id, sku: SKU(trusted: rows.text(row, 1)), locationID: LocationID(trusted: rows.text(row, 2)),
        lot: Papers.lot(rows.text(row, 3)), kind: AdjustmentKind(rawValue: rows.text(row, 4)) ?? .damage,
        quantity: rows.int(row, 5), reasonCode: rows.text(row, 6), person: rows.text(row, 7))
    }
  }

  /// Returns the holds in the order of the rows.
  @discardableResult
  private mutating func loadHolds(_ rows: Rows) -> [Hold] {
    (0..<rows.count).map { row in
      let id = HoldID(trusted: rows.text(row, 0))
      let hold = Hold(
        paper: QualityHeld(
          holdID: id, sku: SKU(trusted: rows.text(row, 1)), locationID: LocationID(trusted: rows.text(row, 2)),
          lot: Papers.lot(rows.text(row, 3)), quantity: rows.int(row, 4), person: rows.optionalText(row, 6),
          reasonCode: rows.optionalText(row, 7)),
        released: rows.int(row, 5), givenUp: rows.int(row, 8))
      holds.known[id] = hold
      return hold
    }
  }

  /// Reads the open holds of these places.
  ///
  /// Called when everything is locked: few places are counted while units are held there.
  mutating func loadOpenHolds(of places: Set<WorkingSet.Place>, on database: Connection) throws {
    guard !places.isEmpty else { return }
    let places = Array(places)
    let rows = try database.query(
      PaperStatements.openHolds,
      [.texts(places) { $0.sku.value }, .texts(places) { $0.location.value }, .texts(places) { $0.lot }])
    for hold in loadHolds(rows) { openHolds[hold.paper.place, default: []].append(hold.paper.holdID) }
  }

  private mutating func loadReleases(_ rows: Rows) {
    for row in 0..<rows.count {
      let id = ReleaseID(trusted: rows.text(row, 0))
      releases.known[id] = QualityReleased(
        releaseID: id, holdID: rows.optionalText(row, 1).map(HoldID.init(trusted:)),
        sku: SKU(trusted: rows.text(row, 2)), locationID: LocationID(trusted: rows.text(row, 3)),
        lot: Papers.lot(rows.text(row, 4)), quantity: rows.int(row, 5),
        to: QualityVerdict(rawValue: rows.text(row, 6)) ?? .stock, person: rows.optionalText(row, 7),
        reasonCode: rows.optionalText(row, 8))
    }
  }

  // MARK: Writing

  func send(to writes: inout WriteSet, at now: Timestamp) throws {
    try sendCounts(to: &writes, now)
    try sendAdjustments(to: &writes, now)
    try sendHolds(to: &writes, now)
    try sendReleases(to: &writes, now)
  }

  private func sendCounts(to writes: inout WriteSet, _ now: Timestamp) throws {
    let rows = counts.new.sorted { $0.paper.countID < $1.paper.countID }
    guard !rows.isEmpty else { return }
    try writes.send(
      PaperStatements.insertCounts,
      [
        .texts(rows) { $0.paper.countID.value }, .texts(rows) { $0.paper.sku.value },
        .texts(rows) { $0.paper.locationID.value }, .texts(rows) { $0.paper.lot?.value ?? "" },
        .ints(rows.map(\.paper.counted)), .ints(rows.map(\.paper.difference)),
        .timestamps(rows) { $0.paper.countedAt.microseconds }, .texts(rows.map(\.paper.person)),
        .texts(rows.map(\.paper.reasonCode)), .texts(rows.map(\.paper.note)), .bools(rows) { $0.isSuperseded },
        .ints(rows) { $0.movement }, .ints(rows) { $0.onHand }, .ints(rows) { $0.damaged }, .ints(rows) { $0.held },
        .ints(rows) { $0.bumped }, .texts(rows) { $0.message.source }, .texts(rows) { $0.message.id },
        .timestamp(now.microseconds), .ints(rows) { $0.seq },
      ])
  }

  private func sendAdjustments(to writes: inout WriteSet, _ now: Timestamp) throws {
    let rows = adjustments.new.sorted { $0.paper.adjustmentID < $1.paper.adjustmentID }
    guard !rows.isEmpty else { return }
    try writes.send(
      PaperStatements.insertAdjustments,
      [
        .texts(rows) { $0.paper.adjustmentID.value }, .texts(rows) { $0.paper.sku.value },
        .texts(rows) { $0.paper.locationID.value }, .texts(rows) { $0.paper.lot?.value ?? "" },
        .texts(rows) { $0.paper.kind.rawValue }, .ints(rows) { $0.paper.quantity },
        .texts(rows) { $0.paper.reasonCode }, .texts(rows) { $0.paper.person }, .texts(rows.map(\.paper.note)),
        .ints(rows) { $0.bumped }, .texts(rows) { $0.message.source }, .texts(rows) { $0.message.id },
        .timestamp(now.microseconds),
      ])
  }

  /// New holds; then what was released of holds or given up, also of new ones.
  private func sendHolds(to writes: inout WriteSet, _ now: Timestamp) throws {
    let rows = holds.new.sorted { $0.paper.holdID < $1.paper.holdID }
    if !rows.isEmpty {
      try writes.send(
        PaperStatements.insertHolds,
        [
          .texts(rows) { $0.paper.holdID.value }, .texts(rows) { $0.paper.sku.value },
          .texts(rows) { $0.paper.locationID.value }, .texts(rows) { $0.paper.lot?.value ?? "" },
          .ints(rows) { $0.paper.quantity }, .texts(rows.map(\.paper.person)), .texts(rows.map(\.paper.reasonCode)),
          .texts(rows.map(\.paper.note)), .ints(rows) { $0.bumped }, .texts(rows) { $0.message.source },
          .texts(rows) { $0.message.id }, .timestamp(now.microseconds),
        ])
    }
    let changed = changedHolds.sorted().compactMap { holds.known[$0] }
    guard !changed.isEmpty else { return }
    try writes.send(
      PaperStatements.updateHolds,
      [.texts(changed) { $0.paper.holdID.value }, .ints(changed) { $0.released }, .ints(changed) { $0.givenUp }],
      changing: changed.count)
  }

  private func sendReleases(to writes: inout WriteSet, _ now: Timestamp) throws {
    let rows = releases.new.sorted { $0.paper.releaseID < $1.paper.releaseID }
    guard !rows.isEmpty else { return }
    try writes.send(
      PaperStatements.insertReleases,
      [
        .texts(rows) { $0.paper.releaseID.value }, .texts(rows.map(\.paper.holdID?.value)),
        .texts(rows) { $0.paper.sku.value }, .texts(rows) { $0.paper.locationID.value },
        .texts(rows) { $0.paper.lot?.value ?? "" }, .ints(rows) { $0.paper.quantity },
        .texts(rows) { $0.paper.to.rawValue }, .texts(rows.map(\.paper.person)),
        .texts(rows.map(\.paper.reasonCode)), .texts(rows.map(\.paper.note)), .texts(rows) { $0.message.source },
        .texts(rows) { $0.message.id }, .timestamp(now.microseconds),
      ])
  }
}
