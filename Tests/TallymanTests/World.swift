import Contracts
import Messaging
import PipelineKit

/// A small world in which everything has happened at least once, made by the workers themselves.
enum World {
  static func build(in house: House) async throws {
    let inventory = try await house.inventoryWorker()
    let allocation = try await house.allocationWorker()
    try await inventory.take(
      ["A", "B", "C", "D", "E"].map { Letter.product($0) } + [.location("W1"), .location("W2")])
    try await catalogue(inventory)
    try await inventory.take([
      .receipt("rcv-1", "A", "W1", 10), .receipt("rcv-2", "A", "W2", 5), .receipt("rcv-3", "B", "W1", 3),
      .receipt("rcv-4", "C", "W1", 10), .policy("C", at: "W1", safety: 10),
      .receipt("rcv-7", "E", "W1", 3), .receipt("rcv-6", "D", "W1", 10), .policy("D", at: "W1", safety: 10),
      .move("mv-1", "A", "W1", "W2", 1), .move("mv-2", "B", "W1", "W2", 100),
    ])
    try await allocation.take([
      .order("reserved", [("A", 4), ("B", 1)]), .order("twice", [("A", 1), ("A", 1)]),
      .order("waiting", [("A", 30)]), .order("late", [("B", 50)]), .order("refused", [("A", 1)], backorder: .deny),
      .order("resting", [("C", 5)]), .order("whole", [("D", 5), ("D", 1)], policy: .shipComplete),
      .order("regretted", [("B", 1)]), .cancel("early", reason: "changed my mind"),
    ])
    try await allocation.take([
      .shipment("shp-1", "reserved", [(1, "W1", 4)]), .shipment("shp-2", "twice", [(1, "W2", 1)]),
      .cancel("regretted"), .order("early", [("A", 1)]), .cancel("too-early"),
    ])
    try await allocation.take([
      .order("returning", [("E", 2)]), .shipment("shp-3", "returning", [(1, "W1", 2)]),
      .status("shp-1", .inTransit), .status("shp-1", .delivered), .status("shp-3", .failed, reason: "nobody at home"),
    ])
    try await allocation.take([
      .comeBack(
        "ret-1", order: "reserved", [(1, "W1", 1, .stock), (1, "W1", 1, .qualityControl), ("A", "W1", 1, .scrap)]),
      .planFailed("plan-1", "returning", [(1, "W1", 1)], .replan),
    ])
    // Stock comes, the event about it fills the backorders.
    try await inventory.take([.receipt("rcv-5", "A", "W2", 12)])
    try await house.settle(allocation, .allocation)
    try await papers(inventory, allocation)
    try await house.settle(allocation, .allocation)
    try await letters(inventory)
    try await house.script(
      """
      insert into notification_deliveries (notification_id, event_id, event_source, event_type, channel, recipient,
        subject, body, state, attempts, settled_at)
      values ('00000000-0000-7000-8000-000000000001', 'e-1', 'urn:test', 'stock.low', 'email', 'ops@example.com', 'low',
        'low'::bytea, 'sent', 1, now()),
        ('00000000-0000-7000-8000-000000000002', 'e-1', 'urn:test', 'stock.low', 'webhook', 'https://example.com/hook',
        'low', 'low'::bytea, 'waiting', 0, null)
      """)
  }

  /// A product with barcodes and units that has changed and is not sold any more.
  private static func catalogue(_ inventory: Worker) async throws {
    let now = Timestamp.now
    let product = ProductContent(
      sku: SKU(trusted: "P"), name: "Thing", barcodes: [Barcode(trusted: "4006381333931")],
      units: [ProductUnit(unit: UnitName(trusted: "carton"), factor: 24)])
    var changed = product
    changed.name = "Other thing"
    try await inventory.take([
      Letter(.productRegistered(product), time: now), .change(changed, time: now + .seconds(1)),
      Letter(
        .goodsReceived(
          GoodsReceived(
            receiptID: ReceiptID(trusted: "rcv-p"), sku: nil, barcode: product.barcodes[0],
            locationID: LocationID(trusted: "W1"), quantity: 2, unit: product.units[0].unit,
            lot: LotID(trusted: "L1"), expiresAt: now - .seconds(7200)))),
      .lotDue("P", "L1"),
      .discontinue("P", time: now + .seconds(2)),
    ])
  }

  /// Somebody counted, broke, held and released something; that cost promises.
  private static func papers(_ inventory: Worker, _ allocation: Worker) async throws {
    try await inventory.take([.product("Q"), .receipt("rcv-q", "Q", "W1", 20)])
    try await allocation.take(.order("bumped", [("Q", 19)]))
    try await inventory.take([
      .count("cnt-1", "Q", "W1", 18, person: "ann"), .adjustment("adj-1", .damage, 2, "Q", "W1"),
      .hold("hld-1", 3, "Q", "W1"), .release("rel-1", of: "hld-1", 1, "Q", "W1", to: .scrap),
      .transfer("trf-1", "W1", "W2", [("Q", 5)]), .arrival("arv-1", of: "trf-1", [(1, 2, 1)]),
    ])
  }

  /// One dead letter of each kind.
  private static func letters(_ inventory: Worker) async throws {
    try await inventory.take(Letter(raw: "not json", id: "bad-1", routingKey: "goods.received"))
    try await inventory.take(.product("A", name: "Another thing"))
    try await inventory.take(Letter.receipt("rcv-9", "unknown", "W1", 1).attempt(3))
    try await inventory.take(.receipt("rcv-8", "unknown", "W1", 1))
  }
}
