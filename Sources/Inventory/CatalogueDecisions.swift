import Contracts
import Messaging
import Stock

// The catalogue: what products there are, what is said about them, and which are not sold any more. News carries the
// product as a whole and the later one wins, so that news may come in any order.

extension InventoryDecisions {
  func register(_ product: ProductRegistered) -> Disposition {
    guard let item = stock.item(product.sku) else { return .notApplied(unknownSKU(product.sku)) }
    if let known = state.products[product.sku] {
      if known.isDiscontinued, let end = known.discontinuedAt, message.envelope.time > end {
        return relist(known, as: product, item)
      }
      if known.discontinuedAt != nil, message.envelope.time < known.listedAt {
        return .unchanged("the product was registered anew after that")
      }
      guard let contradiction = known.registered.contradiction(with: product) else {
        guard message.envelope.time > known.listedAt else { return .unchanged("the product is registered already") }
        return confirm(known)
      }
      return .notApplied(contradiction)
    }
    if let taken = takenBarcode(of: product) { return .notApplied(taken) }
    keep(CatalogueEntry(new: product, at: message.envelope.time))
    stock.register(item)
    return announce(.productCreated(product), item)
  }

  /// Registered once more, later: a discontinuation between the two may be on its way, and does not count.
  private func confirm(_ known: CatalogueEntry) -> Disposition {
    var entry = known
    entry.listAgain(at: message.envelope.time)
    keep(entry)
    return .applied([])
  }

  /// Registered after it was discontinued: orders get it again.
  private func relist(_ known: CatalogueEntry, as product: ProductRegistered, _ item: StockItem) -> Disposition {
    var entry = known
    entry.relist(as: product, at: message.envelope.time)
    if let taken = takenBarcode(of: entry.content) { return .notApplied(taken) }
    keep(entry)
    stock.setDiscontinued(item, false, cause(product.sku.value))
    return announce(.productCreated(entry.content), item)
  }

  func change(_ product: ProductChanged) -> Disposition {
    guard let item = registeredItem(product.sku), var entry = state.products[product.sku] else {
      return .notApplied(unknownSKU(product.sku))
    }
    guard entry.isBehind(message.envelope.time) else { return stale(product, entry) }
    if let taken = takenBarcode(of: product) { return .notApplied(taken) }
    let isSame = entry.content.contradiction(with: product) == nil
    entry.change(to: product, at: message.envelope.time)
    keep(entry)
    // What it says is known; that it was said later has to be remembered all the same.
    return isSame ? .applied([]) : announce(.productUpdated(product), item)
  }

  /// News that is no newer than what is known. At the same time it must say the same: nobody knows which is the later.
  private func stale(_ product: ProductChanged, _ known: CatalogueEntry) -> Disposition {
    let time = message.envelope.time
    guard time == known.asOf else { return .unchanged("newer news of the product is known") }
    guard let contradiction = known.content.contradiction(with: product, at: time) else {
      return .unchanged("the product is known to be so")
    }
    return .notApplied(contradiction)
  }

  func discontinue(_ product: ProductDiscontinued) -> Disposition {
    guard let item = registeredItem(product.sku), var entry = state.products[product.sku] else {
      return .notApplied(unknownSKU(product.sku))
    }
    let time = message.envelope.time
    guard time >= entry.listedAt else { return .unchanged("the product was registered after that") }
    if let known = entry.discontinuedAt, known >= time { return .unchanged("the product is discontinued already") }
    let isNews = !entry.isDiscontinued
    entry.discontinue(at: time)
    keep(entry)
    guard isNews else { return .applied([]) }
    stock.setDiscontinued(item, true, cause(product.sku.value))
    return announce(.productRetired(product), item)
  }

  private func announce(_ event: Event, _ item: StockItem) -> Disposition {
    .applied([follow.event(event, sku: item.sku, sequence: item.nextSequence(), correlation: nil)])
  }

  // MARK: Barcodes

  /// News of the product that had the barcode before may be on its way: first the retry tiers.
  private func takenBarcode(of product: ProductContent) -> Reason? {
    for (index, barcode) in product.barcodes.enumerated() {
      guard let owner = state.barcodes[barcode.gtin], owner != product.sku else { continue }
      return Reason(
        .barcodeTaken, field: "data.barcodes[\(index)]", value: barcode.text,
        rule: "must not belong to another product: it is a barcode of \(owner)")
    }
    return nil
  }

  private func keep(_ entry: CatalogueEntry) {
    for barcode in state.products[entry.content.sku]?.content.barcodes ?? [] { state.barcodes[barcode.gtin] = nil }
    for barcode in entry.content.barcodes { state.barcodes[barcode.gtin] = entry.content.sku }
    state.products[entry.content.sku] = entry
  }

  // MARK: What a receipt speaks of

  /// The SKU that a receipt names, by itself or by a barcode.
  func product(of receipt: GoodsReceived) throws(Reason) -> SKU {
    guard let barcode = receipt.barcode else {
      guard let sku = receipt.sku else { throw unknownSKU(SKU(trusted: "")) }
      return sku
    }
    guard let owner = state.barcodes[barcode.gtin] else {
      throw Reason(
        .unknownBarcode, field: "data.barcode", value: barcode.text,
        rule: "must be a barcode of a product, given by product.registered or product.changed")
    }
    if let sku = receipt.sku, sku != owner {
      throw Reason(
        .wrongBarcode, field: "data.barcode", value: barcode.text, rule: "must be one of \(sku): it is one of \(owner)")
    }
    return owner
  }

  /// How many base units a receipt speaks of: exact, or refused.
  func baseUnits(of receipt: GoodsReceived, _ sku: SKU) throws(Reason) -> Int64 {
    guard let unit = receipt.unit else { return receipt.quantity }
    guard let known = state.products[sku]?.content.units.first(where: { $0.unit == unit }) else {
      throw Reason(
        .unknownUnit, field: "data.unit", value: unit.value,
        rule: "must be a unit of \(sku), given by product.registered or product.changed")
    }
    let (quantity, overflow) = receipt.quantity.multipliedReportingOverflow(by: known.factor)
    guard !overflow, Limits.quantity.contains(quantity) else {
      throw Reason(
        .tooMuchStock, field: "data.quantity", value: "\(receipt.quantity)",
        rule: "must not be more than \(Limits.quantity.upperBound) base units, and a \(unit) is \(known.factor)")
    }
    return quantity
  }
}
