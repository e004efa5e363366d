import Contracts

/// Everything the other systems are going to say, drawn from the seed before anything is published.
struct Plan {
  /// The warehouses.
  let locations: [LocationRegistered]
  /// The catalogue. The first products sell most; the last one is plentiful and serves the transfers.
  let products: [ProductRegistered]
  /// Safety stock and alert levels per product.
  let policies: [StockPolicySet]
  /// The opening stock.
  let receipts: [GoodsReceived]
  /// The race, in the order of publication.
  let orders: [OrderCreated]
  /// Orders that are cancelled before they are published.
  let cancelledEarly: Set<OrderID>
  /// Units ordered per product.
  let demand: [SKU: Int64]

  /// The product with more stock than anybody orders.
  var plentiful: SKU { products[products.count - 1].sku }

  /// - Parameters:
  ///   - seed: The same seed, the same plan.
  ///   - orderCount: How many orders race.
  init(seed: UInt64, orderCount: Int) {
    var random = SeededRandom(seed: seed)
    locations = Plan.makeLocations()
    products = Plan.makeProducts(&random)
    orders = Plan.makeOrders(orderCount, products.map(\.sku), &random)
    var demand: [SKU: Int64] = [:]
    for line in orders.flatMap(\.lines) { demand[line.sku, default: 0] += line.quantity }
    self.demand = demand
    let stock = products.enumerated().map { [demand, count = products.count] rank, product in
      (sku: product.sku, units: Plan.stock(rank, of: count, demand[product.sku, default: 0]))
    }
    receipts = Plan.makeReceipts(stock, locations, &random)
    policies = stock.map { sku, units in
      StockPolicySet(
        sku: sku, safetyStock: Int64.random(in: 0...3, using: &random), reorderPoint: units / 5,
        recoverPoint: units / 2 + 1)
    }
    var early: Set<OrderID> = []
    while early.count < 20 { early.insert(orders[Int.random(in: 0..<orders.count, using: &random)].orderID) }
    cancelledEarly = early
  }

  // MARK: Things

  private static func makeLocations() -> [LocationRegistered] {
    [("WH-BER", "Berlin", Int32(10)), ("WH-HAM", "Hamburg", 20), ("WH-MUC", "Munich", 30)].map { code, name, priority in
      LocationRegistered(locationID: LocationID(trusted: code), name: "Warehouse \(name)", priority: priority)
    }
  }

  private static func makeProducts(_ random: inout SeededRandom) -> [ProductRegistered] {
    let things = ["Mouse", "Keyboard", "Headset", "Monitor", "Dock", "Cable", "Webcam", "Stand"]
    let kinds = ["Compact", "Wireless", "Silent", "Pro", "Travel"]
    return (0..<40).map { index in
      let euros = Int.random(in: 9...299, using: &random)
      return ProductRegistered(
        sku: SKU(trusted: "SKU-\(10_001 + index)"),
        name: "\(kinds[index / things.count]) \(things[index % things.count])", category: "Electronics",
        unitPrice: ExactNumber(trusted: "\(euros).90"),
        attributes: RawJSON(trusted: Array(#"{"warranty_months":\#(12 * (1 + index % 3))}"#.utf8)))
    }
  }

  // MARK: Demand and stock

  private static func makeOrders(_ count: Int, _ skus: [SKU], _ random: inout SeededRandom) -> [OrderCreated] {
    let weights = skus.indices.map { 1_000_000 / ($0 + 2) }
    return (1...count).map { number in
      var wanted: [SKU] = []
      let lines = random.chance(60) ? 1 : (random.chance(75) ? 2 : 3)
      while wanted.count < lines {
        let sku = skus[draw(weights, &random)]
        if !wanted.contains(sku) { wanted.append(sku) }
      }
      return OrderCreated(
        orderID: OrderID(trusted: "ord-\(100_000 + number)"),
        customerID: CustomerID(trusted: "cust-\(Int.random(in: 1...400, using: &random))"),
        lines: wanted.enumerated().map { index, sku in
          OrderCreated.Line(line: Int32(index + 1), sku: sku, quantity: Int64.random(in: 1...5, using: &random))
        },
        backorder: random.chance(15) ? .deny : .allow, priority: random.chance(10) ? 5 : 0)
    }
  }

  private static func draw(_ weights: [Int], _ random: inout SeededRandom) -> Int {
    var ticket = Int.random(in: 0..<weights.reduce(0, +), using: &random)
    return weights.firstIndex {
      ticket -= $0
      return ticket < 0
    } ?? 0
  }

  /// Scarce where demand is high: a third for the ten favourites, then two thirds, then enough.
  private static func stock(_ rank: Int, of count: Int, _ demand: Int64) -> Int64 {
    if rank == count - 1 { return max(90, demand * 3) }
    switch rank {
    case ..<10: return max(3, demand / 3)
    case ..<25: return max(3, demand * 2 / 3)
    default: return max(3, demand * 5 / 4)
    }
  }

  private static func makeReceipts(
    _ stock: [(sku: SKU, units: Int64)], _ locations: [LocationRegistered], _ random: inout SeededRandom
  ) -> [GoodsReceived] {
    var receipts: [GoodsReceived] = []
    for (index, (sku, units)) in stock.enumerated() {
      let share = units / Int64(locations.count)
      for (place, location) in locations.enumerated() {
        let quantity = place == 0 ? units - share * Int64(locations.count - 1) : share
        receipts.append(
          GoodsReceived(
            receiptID: ReceiptID(trusted: "rcv-\(index + 1)-\(place + 1)"), sku: sku, locationID: location.locationID,
            quantity: quantity, reference: "PO-\(7_000 + Int.random(in: 0...99, using: &random))"))
      }
    }
    return receipts
  }
}
