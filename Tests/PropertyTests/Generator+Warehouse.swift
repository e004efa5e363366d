import Contracts
import TestServers

@testable import Inventory
@testable import Stock

// What a warehouse and a catalogue say.

extension Generator {
  private static let barcodes = ["A": "4006381333931", "B": "96385074", "C": "036000291452"]
  /// Whose the barcodes are.
  static var owners: Owners {
    Dictionary(uniqueKeysWithValues: barcodes.map { (Barcode(trusted: $1).gtin, [SKU(trusted: $0)]) })
  }
  private static let carton = UnitName(trusted: "carton")

  mutating func receipt() -> GoodsReceived {
    let sku = sku()
    let lot = chance(40) ? lot() : nil
    var receipt = GoodsReceived(
      receiptID: ReceiptID(trusted: "r-\(key())"), sku: sku, locationID: location(), quantity: 1 + small(8), lot: lot,
      expiresAt: lot.flatMap { chance(85) ? end(of: $0, sku) : nil }, reference: chance(30) ? "PO-1" : nil)
    if chance(12) { receipt.barcode = Self.barcodes[sku.value].map(Barcode.init(trusted:)) }
    if receipt.barcode != nil, chance(70) { receipt.sku = nil }
    if chance(12) { receipt.unit = Self.carton }
    return receipt
  }

  private mutating func lot() -> LotID { LotID(trusted: chance(60) ? "L1" : "L2") }

  /// Said once of a lot; now and then somebody says something else.
  private mutating func end(of lot: LotID, _ sku: SKU) -> Timestamp? {
    let name = "\(sku)/\(lot)"
    let known = ends[name] ?? (taste.ends == .never || chance(20) ? nil : end())
    ends[name] = .some(known)
    return known != nil && chance(4) ? end() : known
  }

  mutating func move() -> StockMoveRequested {
    let from = chance(75) ? place { $0.available > 0 } : somewhere()
    let others = locations.filter { $0 != from.location }
    return StockMoveRequested(
      moveID: MoveID(trusted: "mv-\(key())"), sku: from.sku, fromLocationID: from.location,
      toLocationID: others.randomElement(using: &dice) ?? LocationID(trusted: "WH-9"), quantity: 1 + small(4),
      lot: from.lotID)
  }

  // MARK: Transfers

  mutating func transfer() -> TransferDispatched {
    let first = place { $0.usable > 0 }
    let others = locations.filter { $0 != first.location }
    var lines = [TransferDispatched.Line(line: 1, sku: first.sku, quantity: 1 + small(4), lot: first.lotID)]
    if !taste.oneSKU, chance(30) {
      let second = place { $0.usable > 0 && $0.location == first.location }
      lines.append(.init(line: 2, sku: second.sku, quantity: 1 + small(3), lot: second.lotID))
    }
    return TransferDispatched(
      transferID: TransferID(trusted: "t-\(key())"), fromLocationID: first.location,
      toLocationID: others.randomElement(using: &dice) ?? LocationID(trusted: "WH-9"), lines: lines)
  }

  /// Of what is on its way, or was given up; now and then of more.
  mutating func arrival() -> TransferReceived {
    let known = shadow.world.records.transfers.known.values.sorted { $0.paper.transferID < $1.paper.transferID }
    let open = known.filter { $0.lines.contains { $0.unaccounted > 0 } }
    let transfer = (chance(90) ? open : known).randomElement(using: &dice)
    var lines: [TransferReceived.Line] = []
    for line in transfer?.lines ?? [] where line.unaccounted > 0 && (lines.isEmpty || chance(50)) {
      let units = Int64.random(in: 1...line.unaccounted, using: &dice)
      let lost = chance(20) ? Int64.random(in: 0...units, using: &dice) : 0
      lines.append(.init(line: line.paper.line, quantity: units - lost + (chance(4) ? 1 : 0), lost: lost))
    }
    if lines.isEmpty { lines.append(.init(line: 1, quantity: 1)) }
    return TransferReceived(
      arrivalID: ArrivalID(trusted: "ar-\(key())"),
      transferID: transfer?.paper.transferID ?? TransferID(trusted: "t-00"), lines: lines, isFinal: chance(25))
  }

  // MARK: Counts and decisions

  mutating func count() -> StockCounted {
    let place = chance(80) ? place { $0.onHand > 0 } : somewhere()
    let there = shadow.world.items[place.sku]?.balance(at: place.location, lot: place.lot)?.onHand ?? 0
    let isAbsolute = chance(70)
    let change = Int64.random(in: -3...3, using: &dice)
    let ahead: Int64 = chance(3) ? 30 * 3600 : -small(6)
    return StockCounted(
      countID: CountID(trusted: "c-\(key())"), sku: place.sku, locationID: place.location, lot: place.lotID,
      counted: isAbsolute ? max(0, there + change) : nil, difference: isAbsolute ? nil : change,
      countedAt: History.start + .seconds(Int64(number) + ahead), person: chance(50) ? "kim" : nil)
  }

  mutating func adjustment() -> StockAdjustmentRequested {
    let isDamaged = shadow.world.items.values.contains { $0.balances.contains { $0.damaged > 0 } }
    let kinds: [AdjustmentKind] =
      isDamaged ? [.damage, .repair, .repair, .scrap, .scrap, .found] : [.damage, .damage, .writeOff, .found]
    let kind = kinds.randomElement(using: &dice) ?? .found
    let place =
      switch kind {
      case .damage, .writeOff: place { $0.usable > 0 }
      case .repair, .scrap: place { $0.damaged > 0 }
      case .found: somewhere()
      }
    return StockAdjustmentRequested(
      adjustmentID: AdjustmentID(trusted: "a-\(key())"), sku: place.sku, locationID: place.location, lot: place.lotID,
      kind: kind, quantity: 1 + small(3), reasonCode: "broken", person: "kim")
  }

  mutating func hold() -> QualityHeld {
    let place = place { $0.usable > 0 }
    return QualityHeld(
      holdID: HoldID(trusted: "h-\(key())"), sku: place.sku, locationID: place.location, lot: place.lotID,
      quantity: 1 + small(4))
  }

  /// Mostly of an open hold; or of what lies there without one.
  mutating func release() -> QualityReleased {
    let open = shadow.world.records.papers.holds.known.values.filter { $0.open > 0 }
      .sorted { $0.paper.holdID < $1.paper.holdID }
    let hold = chance(65) ? open.randomElement(using: &dice) : nil
    let place = hold?.paper.place ?? place { $0.qualityControl > 0 }
    return QualityReleased(
      releaseID: ReleaseID(trusted: "q-\(key())"), holdID: hold?.paper.holdID, sku: place.sku,
      locationID: place.location, lot: place.lotID, quantity: hold.map { min($0.open, 1 + small(4)) } ?? 1 + small(2),
      to: chance(70) ? .stock : .scrap)
  }

  // MARK: The catalogue

  mutating func product(_ sku: SKU) -> ProductContent {
    var product = ProductContent(sku: sku, name: chance(60) ? "Thing" : "Better thing")
    if chance(70) { product.barcodes = [Self.barcodes[sku.value]].compactMap(\.self).map(Barcode.init(trusted:)) }
    if chance(70) { product.units = [ProductUnit(unit: Self.carton, factor: chance(85) ? 3 : 2)] }
    return product
  }

  /// A product that is discontinued is listed again; others are said once more, as they were or not.
  mutating func listing() -> ProductRegistered {
    let ended = skus.filter { shadow.world.records.products[$0]?.isDiscontinued == true }
    let sku = ended.randomElement(using: &dice) ?? sku()
    let known = shadow.world.records.products[sku]?.registered
    return chance(70) ? known ?? product(sku) : product(sku)
  }

  // MARK: Places

  /// Where something is, as far as the shadow knows; anywhere if there is no such place.
  private mutating func place(_ isMeant: (Balance) -> Bool) -> WorkingSet.Place {
    let balances = shadow.world.items.values.sorted { $0.sku < $1.sku }.flatMap(\.balances)
      .filter { $0.location != .inTransit && isMeant($0) }
    return balances.randomElement(using: &dice)?.place ?? somewhere()
  }

  private mutating func somewhere() -> WorkingSet.Place {
    WorkingSet.Place(sku(), location(), lot: chance(25) ? lot() : nil)
  }
}

extension World {
  /// Whether anything is on its way.
  var hasTransit: Bool { records.transfers.known.values.contains { $0.lines.contains { $0.unaccounted > 0 } } }
}

extension WorkingSet.Place {
  /// Its lot, as messages name it.
  fileprivate var lotID: LotID? { lot.isEmpty ? nil : LotID(trusted: lot) }
}
