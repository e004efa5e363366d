import Contracts
import Messaging
import Stock

// The same business id again: equal content is a repetition, other content a contradiction that names its field.

/// Finds the first field in which a repetition differs.
struct Comparison {
  private let what: String
  private(set) var contradiction: Reason?

  /// - Parameter what: What was said before, such as `receipt rcv-1`.
  init(_ what: String) { self.what = what }

  mutating func compare<Value: Equatable>(_ field: String, _ known: Value, _ new: Value) {
    guard known != new, contradiction == nil else { return }
    report(field, Comparison.shown(Comparison.text(known), Comparison.text(new)))
  }

  /// Lines, of which only those are named that differ.
  mutating func compare(lines known: Repeated.Parts, _ new: Repeated.Parts) {
    guard contradiction == nil, let difference = Repeated.difference(of: known, and: new) else { return }
    report("lines", difference)
  }

  private mutating func report(_ field: String, _ shown: (known: String, new: String)) {
    contradiction = Reason(
      .contradiction, field: "data.\(field)", value: shown.new,
      rule: "must stay \(shown.known): \(what) was published with it before")
  }

  /// Who did it. A repetition is one also where the person's data was erased meanwhile.
  mutating func compare(person known: String?, _ new: String?) {
    guard known != "erased" else { return }
    compare("person", known, new)
  }

  /// Shortened and printable. Texts that differ only behind what is shown of them are shown from a little before there.
  private static func shown(_ known: String, _ new: String) -> (known: String, new: String) {
    func short(_ text: String) -> String { Malformed(field: "", value: text, rule: "").value }
    let whole = (short(known), short(new))
    guard whole.0 == whole.1 else { return whole }
    let same = zip(known.unicodeScalars, new.unicodeScalars).prefix { $0 == $1 }.count
    let skipped = max(0, same - 20)
    func rest(_ text: String) -> String { short("…" + String(text.unicodeScalars.dropFirst(skipped))) }
    return (rest(known), rest(new))
  }

  /// Whatever it is, a JSON object as its bytes.
  private static func text<Value>(_ value: Value) -> String {
    var value: Any = value
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .optional {
      guard let some = mirror.children.first?.value else { return "absent" }
      value = some
    }
    return (value as? RawJSON).map { String(decoding: $0.bytes, as: UTF8.self) } ?? "\(value)"
  }
}

extension ProductContent {
  /// Barcodes and units have no order, and a barcode is the same with and without its leading zeros.
  ///
  /// - Parameter time: Of both, where that is why they must not differ.
  func contradiction(with new: ProductContent, at time: Timestamp? = nil) -> Reason? {
    var comparison = Comparison("product \(sku)" + (time.map { " of \($0.rfc3339)" } ?? ""))
    comparison.compare("name", name, new.name)
    comparison.compare("category", category, new.category)
    comparison.compare("unit_price", unitPrice, new.unitPrice)
    comparison.compare("attributes", attributes, new.attributes)
    comparison.compare("barcodes", Set(barcodes.map(\.gtin)).sorted(), Set(new.barcodes.map(\.gtin)).sorted())
    comparison.compare("units", units.map(\.text).sorted(), new.units.map(\.text).sorted())
    return comparison.contradiction
  }
}

extension ProductUnit {
  fileprivate var text: String { "\(unit)=\(factor)" }
}

/// The levels that a policy has set.
struct PolicyLevels {
  let safetyStock: Int64
  let reorderPoint: Int64
  let recoverPoint: Int64

  init(safetyStock: Int64, _ band: AlertBand) {
    self.safetyStock = safetyStock
    reorderPoint = band.reorderPoint
    recoverPoint = band.recoverPoint
  }

  /// The first in which another policy of the same place and time differs: nobody knows which of them is the later one.
  func contradiction(with new: StockPolicySet, at time: Timestamp) -> Reason? {
    var comparison = Comparison("policy of \(new.sku) of \(time.rfc3339)")
    comparison.compare("safety_stock", safetyStock, new.safetyStock)
    comparison.compare("reorder_point", reorderPoint, new.reorderPoint)
    comparison.compare("recover_point", recoverPoint, new.recoverPoint)
    return comparison.contradiction
  }
}

extension LocationRegistered {
  func contradiction(with new: LocationRegistered) -> Reason? {
    var comparison = Comparison("location \(locationID)")
    comparison.compare("name", name, new.name)
    comparison.compare("priority", priority, new.priority)
    comparison.compare("sellable", sellable, new.sellable)
    if let coordinates, let other = new.coordinates, !coordinates.isSame(as: other) {
      comparison.compare("coordinates", coordinates.text, other.text)
    }
    return comparison.contradiction
  }
}

extension BookedReceipt {
  /// A barcode is compared as it was written, and where the receipt came by its SKU, as what it means now.
  func contradiction(with new: GoodsReceived, owners: [String: SKU]) -> Reason? {
    var comparison = Comparison("receipt \(said.receiptID)")
    if let sku = new.sku { comparison.compare("sku", self.sku, sku) }
    if let barcode = new.barcode, owners[barcode.gtin] != sku || said.barcode != nil {
      comparison.compare("barcode", said.barcode?.gtin, barcode.gtin)
    }
    comparison.compare("location_id", said.locationID, new.locationID)
    comparison.compare("unit", said.unit, new.unit)
    comparison.compare("quantity", said.quantity, new.quantity)
    comparison.compare("lot", said.lot, new.lot)
    comparison.compare("expires_at", said.expiresAt?.rfc3339, new.expiresAt?.rfc3339)
    comparison.compare("reference", said.reference, new.reference)
    return comparison.contradiction
  }
}

extension StockMoveRequested {
  func contradiction(with new: StockMoveRequested) -> Reason? {
    var comparison = Comparison("move \(moveID)")
    comparison.compare("sku", sku, new.sku)
    comparison.compare("from_location_id", fromLocationID, new.fromLocationID)
    comparison.compare("to_location_id", toLocationID, new.toLocationID)
    comparison.compare("quantity", quantity, new.quantity)
    comparison.compare("lot", lot, new.lot)
    comparison.compare("reference", reference, new.reference)
    return comparison.contradiction
  }
}
