import Contracts
import TestServers

/// Makes up histories: small worlds, in which few SKUs, places and units meet again and again.
struct Generator {
  var dice: SeededGenerator
  let skus: [SKU]
  let locations: [LocationID]
  private(set) var orders: [OrderCreated] = []
  private var unpublished: [OrderCreated] = []
  private var shipments: [ShipmentID] = []
  /// When each lot ends, by SKU and lot.
  var ends: [String: Timestamp?] = [:]
  private(set) var number = 0
  let taste: Taste
  /// What has happened so far if nothing overtakes anything: a carrier takes what lies ready.
  private(set) var shadow = Broker(World(), .plain)

  init(seed: UInt64, _ taste: Taste = Taste()) {
    dice = SeededGenerator(seed: seed)
    self.taste = taste
    let count = Int.random(in: 1...3, using: &dice)
    skus = ["A", "B", "C"].prefix(count).map(SKU.init(trusted:))
    locations = ["WH-1", "WH-2", "WH-3"].prefix(Int.random(in: 1...3, using: &dice)).map(LocationID.init(trusted:))
  }

  /// A history with a schedule of its own.
  static func history(seed: UInt64, _ taste: Taste = Taste(), messages: ClosedRange<Int> = 4...36) -> History {
    var generator = Generator(seed: seed, taste)
    return generator.history(messages: messages)
  }

  mutating func history(messages: ClosedRange<Int>) -> History {
    var steps = catalogue()
    for _ in 0..<Int.random(in: messages, using: &dice) {
      steps.append(step(event()))
      if chance(8), let again = steps.randomElement(using: &dice) { steps.append(again) }
    }
    for order in unpublished { steps.append(step(.orderCreated(order))) }
    if taste.isDisorderly, chance(15) { steps.shuffle(using: &dice) }
    let isPlain = chance(20)
    let schedule = History.Schedule(
      seed: dice.next(), batch: [1, 2, 5, 40].randomElement(using: &dice) ?? 1, disorder: chance(50))
    return History(steps: steps, schedule: isPlain ? .plain : schedule)
  }

  // MARK: Messages

  private mutating func catalogue() -> [Step] {
    let products = skus.map { step(.productRegistered(product($0))) }
    return products
      + locations.enumerated().map { index, location in
        let isSellable = index == 0 || !chance(25)
        return step(
          .locationRegistered(
            LocationRegistered(
              locationID: location, name: "House", priority: Int32(small(2)), sellable: isSellable,
              coordinates: chance(60) ? coordinates() : nil)))
      }
  }

  private mutating func event() -> Event {
    var throwOfDice = Int.random(in: 0..<taste.weights.reduce(0) { $0 + $1.1 }, using: &dice)
    for (kind, weight) in taste.weights {
      throwOfDice -= weight
      if throwOfDice < 0 { return event(kind) }
    }
    return .orderCreated(order())
  }

  private mutating func event(_ kind: Taste.Kind) -> Event {
    switch kind {
    case .receipt: .goodsReceived(receipt())
    case .move: .stockMoveRequested(move())
    case .transfer: .transferDispatched(transfer())
    case .arrival: isRipe(\.hasTransit) ? .transferReceived(arrival()) : .transferDispatched(transfer())
    case .policy: .stockPolicySet(policy())
    case .cancellation: .orderCancelled(cancellation())
    case .dispatch: .shipmentDispatched(chance(75) ? ready() ?? dispatch() : dispatch())
    case .status: .shipmentStatus(status())
    case .order: .orderCreated(order())
    case .count: .stockCounted(count())
    case .adjustment: .stockAdjustmentRequested(adjustment())
    case .hold: .qualityHeld(hold())
    case .release: isRipe(\.hasHeld) ? .qualityReleased(release()) : .qualityHeld(hold())
    case .back: isRipe(\.hasShipped) ? .returnReceived(back()) : .shipmentDispatched(ready() ?? dispatch())
    case .failedPlan: .shipmentPlanFailed(failedPlan())
    case .amendment: .orderAmended(amendment())
    case .lineCancellation: .orderCancelled(lineCancellation())
    case .confirmation: isRipe(\.hasHolds) ? .orderConfirmed(confirmation()) : .orderCreated(order(asHold: true))
    case .change: .productChanged(product(sku()))
    case .discontinuation: .productDiscontinued(ProductDiscontinued(sku: sku()))
    case .listing: .productRegistered(listing())
    }
  }

  private mutating func policy() -> StockPolicySet {
    let reorder = small(4)
    let place = chance(60) ? location() : nil
    return StockPolicySet(
      sku: sku(), locationID: place, everyLocation: place == nil && chance(50), safetyStock: small(3),
      reorderPoint: reorder, recoverPoint: reorder + 1 + small(3))
  }

  private mutating func order(asHold: Bool = false) -> OrderCreated {
    if !asHold, let late = unpublished.popLast() { return late }
    let order = newOrder(asHold: asHold)
    orders.append(order)
    return order
  }

  private mutating func newOrder(asHold: Bool = false) -> OrderCreated {
    let id = OrderID(trusted: "o-\(key())")
    let (only, all) = (sku(), skus.shuffled(using: &dice))
    let count = min(1 + Int(small(3)), taste.repeatsSKUs ? .max : all.count)
    let lines = (0..<count).map { index in
      OrderCreated.Line(
        line: Int32(index + 1), sku: taste.oneSKU ? only : taste.repeatsSKUs ? sku() : all[index],
        quantity: 1 + small(5))
    }
    return OrderCreated(
      orderID: id, customerID: CustomerID(trusted: "cust-1"), lines: lines,
      backorder: taste.denies && chance(20) ? .deny : .allow,
      priority: priority(),
      needBy: taste.ranks == .some && chance(20) ? History.start + .seconds(86_400 * (1 + small(3))) : nil,
      policy: taste.policies.randomElement(using: &dice) ?? .partial,
      expiresAt: taste.ends != .never && (asHold || chance(20)) ? end() : nil,
      locationPolicy: chance(40) ? LocationPolicyName.allCases.randomElement(using: &dice) : nil,
      destination: chance(40) ? coordinates() : nil)
  }

  private mutating func priority() -> Int32 {
    switch taste.ranks {
    case .none: 0
    case .some: chance(70) ? 0 : Int32(small(3)) - 1
    // 7 has no divisor in common with 101.
    case .distinct: Int32(number * 7 % 101)
    }
  }

  /// Mostly of an order that was placed, now and then of one that comes later.
  private mutating func cancellation() -> OrderCancelled {
    if taste.anticipates, orders.isEmpty || chance(20) {
      let order = newOrder()
      orders.append(order)
      unpublished.append(order)
      return OrderCancelled(orderID: order.orderID)
    }
    return OrderCancelled(orderID: anyOrder().orderID, reason: chance(50) ? "changed mind" : nil)
  }

  /// A guess: of some lines of an order, from where they may be reserved.
  private mutating func dispatch() -> ShipmentDispatched {
    let order = anyOrder()
    var lines: [ShipmentDispatched.Line] = []
    for line in order.lines where lines.isEmpty || chance(50) {
      lines.append(.init(line: line.line, locationID: location(), quantity: min(line.quantity, 1 + small(4))))
    }
    return ShipmentDispatched(
      shipmentID: shipmentID(), orderID: order.orderID, lines: lines)
  }

  /// Of what is reserved.
  private mutating func ready() -> ShipmentDispatched? {
    let open = shadow.world.openReservations
    guard let first = open.randomElement(using: &dice) else { return nil }
    var lines: [ShipmentDispatched.Line] = []
    for place in open where place.order == first.order && (place == first || chance(30)) {
      let quantity = chance(50) ? place.quantity : Int64.random(in: 1...place.quantity, using: &dice)
      lines.append(.init(line: place.line, locationID: place.location, quantity: quantity))
    }
    return ShipmentDispatched(
      shipmentID: shipmentID(), orderID: first.order, lines: lines)
  }

  /// Of a shipment that was made up before, at one of a few times.
  private mutating func status() -> ShipmentStatus {
    ShipmentStatus(
      shipmentID: shipments.randomElement(using: &dice) ?? ShipmentID(trusted: "s-00"),
      status: [.inTransit, .delivered, .delivered, .failed].randomElement(using: &dice) ?? .delivered,
      timestamp: History.start + .seconds(small(4) * 3600))
  }

  private mutating func shipmentID() -> ShipmentID {
    let id = ShipmentID(trusted: "s-\(key())")
    shipments.append(id)
    return id
  }

  mutating func anyOrder() -> OrderCreated {
    if let known = orders.randomElement(using: &dice) { return known }
    if !taste.anticipates { return newOrder() }  // one that never comes
    let order = newOrder()
    orders.append(order)
    unpublished.append(order)
    return order
  }

  /// When a lot or a hold ends.
  mutating func end() -> Timestamp {
    if taste.ends == .some, chance(70) {
      return shadow.world.now + .seconds(Int64.random(in: -5..<60, using: &dice))
    }
    return History.start + .seconds(chance(15) ? -3600 : 10 * 86_400)
  }

  private mutating func coordinates() -> Coordinates {
    Coordinates(lat: ExactNumber(trusted: "\(small(60))"), lng: ExactNumber(trusted: "\(small(90))"))
  }

  // MARK: Dice

  private mutating func step(_ event: Event) -> Step {
    number += 1
    let step = Step(id: "m-\(number)", second: Int64(number), event: event)
    // A promise that is broken here is broken again when the history is tried.
    try? shadow.work(through: [step])
    return step
  }

  mutating func key() -> String {
    number += 1
    return number < 10 ? "0\(number)" : "\(number)"
  }

  mutating func sku() -> SKU { skus.randomElement(using: &dice) ?? SKU(trusted: "A") }
  mutating func location() -> LocationID {
    locations.randomElement(using: &dice) ?? LocationID(trusted: "WH-1")
  }
  /// 0 to below `limit`, small ones more often.
  mutating func small(_ limit: Int64) -> Int64 {
    min(Int64.random(in: 0..<limit, using: &dice), Int64.random(in: 0..<limit, using: &dice) + 1)
  }
  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &dice) < percent }
}
