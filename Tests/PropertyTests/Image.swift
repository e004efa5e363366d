import Contracts

@testable import Stock

/// A transaction's rows as they were loaded, field by field.
///
/// A decision changes objects; what is written of them depends on their marks. A change without a mark would be true
/// until the transaction ends, and lost then. Looks by reflection, so that it sees fields that are added later.
struct Image {
  private typealias Fields = [String: String]

  private var rows: [ObjectIdentifier: Fields] = [:]
  private var lots: [SKU: [String: String]] = [:]
  private var backorders: [ObjectIdentifier: String] = [:]

  /// Fields that are no columns.
  private static let marks: Set<String> = [
    "isNew", "isChanged", "isRevised", "isKept", "lastCause", "item", "tid", "places", "parts", "promises", "waiting",
    "lots", "lotsByName", "expiresAt", "isExpired",
  ]
  /// Columns of orders and lines that few transactions write.
  private static let revisions: Set<String> = ["holdUntil", "revision", "ordered", "placed", "calledOff", "isClosed"]
  /// Columns of a balance that most transactions write.
  private static let quantities: Set<String> = [
    "onHand", "reserved", "damaged", "qualityControl", "seq", "recordedAt",
  ]

  init(of stock: WorkingSet) {
    for item in stock.items.values {
      remember(item)
      lots[item.sku] = item.lots.mapValues(Image.text)
      for balance in item.balances { remember(balance) }
    }
    for order in stock.orders.values {
      remember(order)
      for line in order.lines {
        remember(line)
        backorders[ObjectIdentifier(line)] = Image.text(of: line.backorder)
        for reservation in line.reservations { remember(reservation) }
      }
    }
  }

  private mutating func remember(_ row: AnyObject) { rows[ObjectIdentifier(row)] = Image.fields(of: row) }

  private static func fields(of row: Any) -> Fields {
    var fields: Fields = [:]
    for child in Mirror(reflecting: row).children {
      guard let label = child.label, !marks.contains(label) else { continue }
      // What several columns hold is one value there.
      if label == "row" || label == "quantities" {
        fields.merge(Image.fields(of: child.value)) { $1 }
      } else {
        fields[label] = "\(child.value)"
      }
    }
    return fields
  }

  private static func text(of backorder: Backorder?) -> String {
    backorder.map { "\($0.quantity) \($0.open) \($0.filled) \($0.cancelled)" } ?? "none"
  }

  private static func text(of lot: Lot) -> String {
    "\(lot.expiresAt?.rfc3339 ?? "no end") \(lot.reportedAt?.rfc3339 ?? "not reported")"
  }

  /// The fields in which a row differs; empty for one that is new.
  private func changes(of row: AnyObject) -> Set<String> {
    guard let before = rows[ObjectIdentifier(row)] else { return [] }
    return Set(Image.fields(of: row).filter { before[$0.key] != $0.value }.keys)
  }

  /// - Throws: ``Broken`` when a changed row would not be written.
  func requireMarks(in stock: WorkingSet) throws(Broken) {
    for item in stock.items.values {
      try require(item.isChanged, changes(of: item), "SKU \(item.sku)")
      for (name, lot) in item.lots where lots[item.sku]?[name] != Image.text(of: lot) {
        try require(lot.isChanged, ["all"], "lot \(name) of \(item.sku)")
      }
      for balance in item.balances {
        let changed = changes(of: balance)
        let place = "\(balance.sku) at \(balance.location) \(balance.lot)"
        try require(balance.isChanged, changed, place)
        try require(balance.isRevised, changed.subtracting(Image.quantities), place)
      }
    }
    for order in stock.orders.values {
      let isWritten = order.isNew || order.isChanged
      try require(isWritten, changes(of: order), "order \(order.id)")
      try require(order.isRevised, changes(of: order).intersection(Image.revisions), "order \(order.id)")
      for line in order.lines { try requireMarks(of: line, isWritten, "\(order.id)/\(line.number)") }
    }
  }

  private func requireMarks(of line: OrderLine, _ isWritten: Bool, _ place: String) throws(Broken) {
    let isKnown = rows[ObjectIdentifier(line)] != nil
    try require(isWritten && (isKnown || line.isNew), isKnown ? [] : ["all"], place)
    try require(isWritten && (line.isNew || line.isChanged), changes(of: line), place)
    try require(line.isRevised, changes(of: line).intersection(Image.revisions), place)
    for reservation in line.reservations {
      let isMarked = isWritten && (reservation.isNew || reservation.isChanged)
      try require(isMarked, changes(of: reservation), "\(place) reservation \(reservation.number)")
      let isKnown = rows[ObjectIdentifier(reservation)] != nil
      try require(isKnown || reservation.isNew, ["all"], "\(place) reservation \(reservation.number)")
    }
    let backorder = Image.text(of: line.backorder)
    let waits = backorders[ObjectIdentifier(line)].map { $0 != backorder } ?? false
    let isMarked = isWritten && (line.backorder.map { $0.isNew || $0.isChanged } ?? true)
    try require(isMarked, waits ? ["backorder"] : [], place)
  }

  private func require(_ isMarked: Bool, _ changed: Set<String>, _ place: String) throws(Broken) {
    if isMarked || changed.isEmpty { return }
    throw Broken("what changes is marked to be written", "\(place): \(changed.sorted())")
  }
}
