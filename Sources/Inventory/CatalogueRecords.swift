import Contracts
import Messaging
import Postgres

/// The SQL of the catalogue.
enum CatalogueStatements {
  static let products = Statement(
    name: "products",
    sql: """
      select p.sku, p.name, p.category, p.unit_price, p.attributes::text, p.original, p.as_of, p.listed_at,
             p.discontinued_at,
             (select string_agg(b.barcode, ',' order by b.gtin) from product_barcodes b where b.sku = p.sku),
             (select string_agg(u.unit || '=' || u.factor, ',' order by u.unit) from product_units u
              where u.sku = p.sku)
      from products p where p.sku = any($1::text[])
      """)

  static let barcodes = Statement(
    name: "barcodes", sql: "select gtin, sku from product_barcodes where gtin = any($1::text[])")

  static let insertProducts = Statement(
    name: "products_insert",
    sql: """
      insert into products (sku, name, category, unit_price, attributes, original, as_of, listed_at, discontinued_at,
        registered_at)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
             unnest($5::text[])::json, unnest($6::text[]), unnest($7::timestamptz[]), unnest($8::timestamptz[]),
             unnest($9::timestamptz[]), $10
      """)

  static let updateProducts = Statement(
    name: "products_update",
    sql: WriteSet.guarded(
      """
      update products p set name = n.name, category = n.category, unit_price = n.unit_price,
        attributes = n.attributes::json, original = n.original, as_of = n.as_of, listed_at = n.listed_at,
        discontinued_at = n.discontinued_at
      from (select unnest($1::text[]) as sku, unnest($2::text[]) as name, unnest($3::text[]) as category,
                   unnest($4::text[]) as unit_price, unnest($5::text[]) as attributes, unnest($6::text[]) as original,
                   unnest($7::timestamptz[]) as as_of, unnest($8::timestamptz[]) as listed_at,
                   unnest($9::timestamptz[]) as discontinued_at) as n
      where p.sku = n.sku
      """, by: 10))

  static let deleteBarcodes = Statement(
    name: "barcodes_delete",
    sql: """
      delete from product_barcodes b using (select unnest($1::text[]) as gtin, unnest($2::text[]) as sku) as n
      where b.gtin = n.gtin and b.sku = n.sku
      """)

  static let insertBarcodes = Statement(
    name: "barcodes_insert",
    sql: """
      insert into product_barcodes (gtin, barcode, sku)
      select unnest($1::text[]), unnest($2::text[]), unnest($3::text[])
      """)

  static let deleteUnits = Statement(
    name: "units_delete", sql: "delete from product_units where sku = any($1::text[])")

  static let insertUnits = Statement(
    name: "units_insert",
    sql: """
      insert into product_units (sku, unit, factor) select unnest($1::text[]), unnest($2::text[]), unnest($3::int8[])
      """)
}

extension InventoryState {
  // MARK: Reading

  /// Whose barcodes these are now, read without locks: what a receipt will have to lock.
  static func owners(of gtins: Set<String>, on database: Connection) throws -> [String: SKU] {
    guard !gtins.isEmpty else { return [:] }
    return owners(try database.query(CatalogueStatements.barcodes, [.texts(gtins.sorted())]))
  }

  /// Finds out which barcodes the batch speaks of.
  ///
  /// - Returns: Whose each may turn out to be: by the database, or by news in the batch itself.
  func requestBarcodes(of messages: [Message], on database: Connection) throws -> [String: Set<SKU>] {
    var naming: Set<String> = []
    var owners: [String: Set<SKU>] = [:]
    for message in messages {
      switch message.event {
      case .productRegistered(let product), .productChanged(let product):
        for barcode in product.barcodes { owners[barcode.gtin, default: []].insert(product.sku) }
      case .goodsReceived(let receipt):
        if let barcode = receipt.barcode { naming.insert(barcode.gtin) }
      default: break
      }
    }
    requests.barcodes = naming.union(owners.keys)
    requests.namingBarcodes = naming
    for (gtin, sku) in try Self.owners(of: naming, on: database) { owners[gtin, default: []].insert(sku) }
    return owners
  }

  func requestProduct(_ sku: SKU) {
    keys.skus.insert(sku)
    requests.products.insert(sku)
  }

  /// What was discontinued and may be sold again: what ran out meanwhile is told, of lots that are used up as well.
  var relisted: Set<SKU> {
    requests.registered.filter {
      requests.discontinued.contains($0) || stock.item($0)?.isDiscontinued == true
    }
  }

  /// A barcode may have changed hands between the unlocked look and the lock.
  func requireOwnersLocked() throws {
    for gtin in requests.namingBarcodes {
      if let owner = barcodes[gtin], !keys.skus.contains(owner) { throw NeedsMoreRows("SKU \(owner) of \(gtin)") }
    }
  }

  private static func owners(_ rows: Rows) -> [String: SKU] {
    var owners: [String: SKU] = [:]
    for row in 0..<rows.count { owners[rows.text(row, 0)] = SKU(trusted: rows.text(row, 1)) }
    return owners
  }

  func sendCatalogueLookups(on database: Connection) throws {
    if !requests.products.isEmpty {
      try database.send(CatalogueStatements.products, [.texts(requests.products.map(\.value))])
    }
    if !requests.barcodes.isEmpty {
      try database.send(CatalogueStatements.barcodes, [.texts(requests.barcodes.sorted())])
    }
  }

  func receiveCatalogueLookups(on database: Connection) throws {
    if !requests.products.isEmpty { loadProducts(try database.receive()) }
    if !requests.barcodes.isEmpty { barcodes = Self.owners(try database.receive()) }
  }

  private func loadProducts(_ rows: Rows) {
    for row in 0..<rows.count {
      let sku = SKU(trusted: rows.text(row, 0))
      let content = ProductContent(
        sku: sku, name: rows.text(row, 1), category: rows.optionalText(row, 2),
        unitPrice: rows.optionalText(row, 3).map(ExactNumber.init(trusted:)),
        attributes: rows.optionalText(row, 4).map { RawJSON(trusted: Array($0.utf8)) },
        barcodes: parts(rows.optionalText(row, 9)).map { Barcode(trusted: String($0)) },
        units: parts(rows.optionalText(row, 10)).compactMap(ProductUnit.init(stored:)))
      products[sku] = CatalogueEntry(
        stored: content, original: rows.optionalText(row, 5).flatMap(ProductContent.init(stored:)),
        asOf: Timestamp(microseconds: rows.timestamp(row, 6)),
        listedAt: Timestamp(microseconds: rows.timestamp(row, 7)),
        discontinuedAt: rows.optionalTimestamp(row, 8).map(Timestamp.init(microseconds:)))
    }
  }

  private func parts(_ list: String?) -> [Substring] { list?.split(separator: ",") ?? [] }

  // MARK: Writing

  func sendCatalogue(to writes: inout WriteSet) throws {
    let entries = products.values.filter { $0.stored == nil || $0.isChanged }
      .sorted { $0.content.sku < $1.content.sku }
    guard !entries.isEmpty else { return }
    let new = entries.filter { $0.stored == nil }
    if !new.isEmpty {
      try writes.send(
        CatalogueStatements.insertProducts, columns(of: new) + [.timestamp(stock.now.microseconds)])
    }
    let changed = entries.filter { $0.stored != nil }
    if !changed.isEmpty {
      try writes.send(CatalogueStatements.updateProducts, columns(of: changed), changing: changed.count)
    }
    try sendBarcodes(of: entries, to: &writes)
    try sendUnits(of: entries, to: &writes)
  }

  private func columns(of entries: [CatalogueEntry]) -> [Parameter] {
    [
      .texts(entries.map(\.content.sku.value)), .texts(entries.map(\.content.name)),
      .texts(entries.map(\.content.category)), .texts(entries.map(\.content.unitPrice?.text)),
      .texts(entries.map { $0.content.attributes.map { String(decoding: $0.bytes, as: UTF8.self) } }),
      .texts(entries.map { $0.original?.stored }), .timestamps(entries.map(\.asOf.microseconds)),
      .timestamps(entries.map(\.listedAt.microseconds)),
      .timestamps(entries.map { $0.discontinuedAt?.microseconds }),
    ]
  }

  /// What leaves a product goes first: another one may take it over in the same transaction.
  private func sendBarcodes(of entries: [CatalogueEntry], to writes: inout WriteSet) throws {
    var gone: [(gtin: String, sku: SKU)] = []
    var new: [(gtin: String, barcode: Barcode, sku: SKU)] = []
    for entry in entries {
      let sku = entry.content.sku
      let before = Set(entry.stored?.barcodes.map(\.gtin) ?? [])
      var after: Set<String> = []
      for barcode in entry.content.barcodes where after.insert(barcode.gtin).inserted {
        if !before.contains(barcode.gtin) { new.append((barcode.gtin, barcode, sku)) }
      }
      gone += before.subtracting(after).map { ($0, sku) }
    }
    if !gone.isEmpty {
      try writes.send(
        CatalogueStatements.deleteBarcodes, [.texts(gone.map(\.gtin)), .texts(gone.map(\.sku.value))])
    }
    guard !new.isEmpty else { return }
    new.sort { $0.gtin < $1.gtin }
    try writes.send(
      CatalogueStatements.insertBarcodes,
      [.texts(new.map(\.gtin)), .texts(new.map(\.barcode.text)), .texts(new.map(\.sku.value))])
  }

  private func sendUnits(of entries: [CatalogueEntry], to writes: inout WriteSet) throws {
    let revised = entries.filter { Set($0.stored?.units ?? []) != Set($0.content.units) }
    let known = revised.filter { $0.stored?.units.isEmpty == false }
    if !known.isEmpty {
      try writes.send(CatalogueStatements.deleteUnits, [.texts(known.map(\.content.sku.value))])
    }
    let units = revised.flatMap { entry in entry.content.units.map { (sku: entry.content.sku, unit: $0) } }
    guard !units.isEmpty else { return }
    try writes.send(
      CatalogueStatements.insertUnits,
      [.texts(units.map(\.sku.value)), .texts(units.map(\.unit.unit.value)), .ints(units.map(\.unit.factor))])
  }
}

extension ProductContent {
  /// As the wire has it, every number as written.
  fileprivate var stored: String {
    var json = JSONWriter(capacity: 512)
    encode(to: &json)
    return String(decoding: json.bytes, as: UTF8.self)
  }

  fileprivate init?(stored text: String) {
    var json = JSONCursor()
    guard let content = try? ProductContent(decoding: &json, text.utf8.span) else { return nil }
    self = content
  }
}

extension ProductUnit {
  /// From `carton=24`.
  fileprivate init?(stored text: Substring) {
    let parts = text.split(separator: "=")
    guard parts.count == 2, let factor = Int64(parts[1]) else { return nil }
    self.init(unit: UnitName(trusted: String(parts[0])), factor: factor)
  }
}

extension GoodsReceived {
  /// The SKUs that it may be about.
  func skus(owners: [String: Set<SKU>]) -> Set<SKU> {
    var skus = barcode.flatMap { owners[$0.gtin] } ?? []
    if let sku { skus.insert(sku) }
    return skus
  }
}
