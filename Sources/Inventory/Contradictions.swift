import Contracts
import Messaging

// The same business id again: equal content is a repetition, other content a contradiction that names its field.

/// Finds the first field in which a repetition differs.
struct Comparison {
  private let what: String
  private(set) var contradiction: Reason?

  /// - Parameter what: What was said before, such as `receipt rcv-1`.
  init(_ what: String) { self.what = what }

  mutating func compare<Value: Equatable>(_ field: String, _ known: Value, _ new: Value) {
    guard known != new, contradiction == nil else { return }
    contradiction = Reason(
      .contradiction, field: "data.\(field)", value: Comparison.text(new),
      rule: "must stay \(Comparison.text(known)): \(what) was published with it before")
  }

  /// Shortened and printable; a JSON object as its text.
  private static func text<Value>(_ value: Value) -> String {
    var value: Any = value
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .optional {
      guard let some = mirror.children.first?.value else { return "absent" }
      value = some
    }
    let text = (value as? RawJSON).map { String(decoding: $0.bytes, as: UTF8.self) } ?? "\(value)"
    return Malformed(field: "", value: text, rule: "").value
  }
}

extension ProductRegistered {
  func contradiction(with new: ProductRegistered) -> Reason? {
    var comparison = Comparison("product \(sku)")
    comparison.compare("name", name, new.name)
    comparison.compare("category", category, new.category)
    comparison.compare("unit_price", unitPrice, new.unitPrice)
    comparison.compare("attributes", attributes, new.attributes)
    return comparison.contradiction
  }
}

extension LocationRegistered {
  func contradiction(with new: LocationRegistered) -> Reason? {
    var comparison = Comparison("location \(locationID)")
    comparison.compare("name", name, new.name)
    comparison.compare("priority", priority, new.priority)
    comparison.compare("sellable", sellable, new.sellable)
    return comparison.contradiction
  }
}

extension GoodsReceived {
  func contradiction(with new: GoodsReceived) -> Reason? {
    var comparison = Comparison("receipt \(receiptID)")
    comparison.compare("sku", sku, new.sku)
    comparison.compare("location_id", locationID, new.locationID)
    comparison.compare("quantity", quantity, new.quantity)
    comparison.compare("reference", reference, new.reference)
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
    comparison.compare("reference", reference, new.reference)
    return comparison.contradiction
  }
}
