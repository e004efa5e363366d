import Contracts
import Messaging
import TestServers
import Testing

@testable import Stock

@LongComputation @Suite("Properties of random histories: in which order, how often, how many at once")
struct OrderingProperties {
  // MARK: Independence

  /// Messages that share no SKU and no business id: here each order keeps to one SKU.
  private static let oneSKU: Generator.Taste = {
    var taste = Generator.Taste()
    taste.oneSKU = true
    taste.isDisorderly = false
    taste.ends = .outside
    return taste
  }()

  @Test("messages of different SKUs can change places: everything ends the same, to the last sequence number")
  func independence() {
    forAll(2000, seed: 100_000, make: { Generator.history(seed: $0, Self.oneSKU) }) { history throws(Broken) in
      // A place has no SKU: all depends on it.
      let isPlace = { (step: Step) in if case .locationRegistered = step.event { true } else { false } }
      let steps = history.steps.filter(isPlace) + history.steps.filter { !isPlace($0) }
      let plain = History(steps: steps)
      let other = History(steps: Self.mixed(steps, seed: history.schedule.seed))
      let (one, two) = (try plain.world().summary(), try other.world().summary())
      try require(one == two, "independent messages can change places", Self.difference(one, two))
    }
  }

  /// The same messages; those of one SKU (and those of no SKU) stay in their order.
  private static func mixed(_ steps: [Step], seed: UInt64) -> [Step] {
    var dice = SeededGenerator(seed: seed)
    var skuOfOrder: [OrderID: SKU] = [:]
    var orderOfShipment: [ShipmentID: OrderID] = [:]
    var skuOfTransfer: [TransferID: SKU] = [:]
    for event in steps.map(\.event) {
      if case .orderCreated(let order) = event { skuOfOrder[order.orderID] = order.lines.first?.sku }
      if case .shipmentDispatched(let shipment) = event { orderOfShipment[shipment.shipmentID] = shipment.orderID }
    }
    for case .transferDispatched(let transfer) in steps.map(\.event) {
      skuOfTransfer[transfer.transferID] = transfer.lines.first?.sku
    }
    func group(_ event: Event) -> String {
      let order = event.order ?? event.shipment.flatMap { orderOfShipment[$0] }
      let named = event.skus(Generator.owners).first ?? event.arrivingTransfer.flatMap { skuOfTransfer[$0] }
      return (named ?? order.flatMap { skuOfOrder[$0] })?.value ?? ""
    }
    let fixed = steps.filter { if case .locationRegistered = $0.event { true } else { false } }
    var piles = Dictionary(grouping: steps.filter { !fixed.contains($0) }) { group($0.event) }
    var mixed = fixed
    while let name = piles.keys.sorted().randomElement(using: &dice) {
      guard let next = piles[name]?.first else { break }
      mixed.append(next)
      piles[name]?.removeFirst()
      if piles[name]?.isEmpty == true { piles[name] = nil }
    }
    return mixed
  }

  @Test("of several policies the one with the latest time is in force, in whatever order they come")
  func policies() {
    var taste = Generator.Taste()
    taste.weights = [(.policy, 1)]
    taste.isDisorderly = false
    let make = { [taste] seed in Generator.history(seed: seed, taste, messages: 2...8) }
    forAll(300, seed: 110_000, make: make) { history throws(Broken) in
      var dice = SeededGenerator(seed: history.schedule.seed)
      let policies = history.steps.filter { if case .stockPolicySet = $0.event { true } else { false } }
      let catalogue = history.steps.filter { if case .stockPolicySet = $0.event { false } else { true } }
      let one = try History(steps: catalogue + policies).world().levels
      let two = try History(steps: catalogue + policies.shuffled(using: &dice)).world().levels
      try require(one == two, "the latest policy is in force", Self.difference(one, two))
    }
  }

  // MARK: Repetition

  /// A message that took effect, published once more under another id. (The same id again never reaches a decision.)
  /// Not those that were refused: what was missing then may be there now.
  @Test("what has taken effect, published again under new ids, changes nothing and says nothing")
  func replay() {
    forAll(2000, seed: 120_000) { history throws(Broken) in
      let world = try history.world()
      let effective = Set(
        world.endings.filter { $0.outcome == .applied || $0.outcome == .unchanged }.map(\.message.envelope.id))
      var seen: Set<String> = []
      let again = history.steps.filter { effective.contains($0.id) && seen.insert($0.id).inserted }.map { step in
        Step(id: step.id + "-again", second: step.second, event: step.event)
      }
      let (before, said, ended) = (world.summary(), world.published.count, world.endings.count)
      try History(steps: again, schedule: history.schedule).run(in: world)
      try require(world.summary() == before, "a repetition changes nothing", Self.difference(before, world.summary()))
      try require(world.published.count == said, "a repetition says nothing", "\(world.published[said...])")
      let refused = world.endings[ended...].first { $0.outcome != .unchanged }
      try require(refused == nil, "a repetition is no error", "\(refused?.message.event as Any)")
    }
  }

  // MARK: Batches

  /// Orders of one rank that come in one batch are of one age, and their ids decide who is filled first. So that the
  /// size of a batch cannot matter, either no two orders are of one rank (nor two lines of one SKU in an order), or
  /// they come in the order of their ids.
  /// Nothing is put off: what is tried again later finds another world. And what fills backorders comes in batches of
  /// its own: a filling serves those who waited when its batch began. Shipments are left out: one that needs promises
  /// of an order which came with its own batch is tried again.
  @Test("a batch of many and as many batches of one come to the same", arguments: [2, 5, 100])
  func batches(size: Int) {
    var (distinct, inTurn) = (Generator.Taste(), Generator.Taste())
    distinct.ranks = .distinct
    distinct.isDisorderly = false
    distinct.repeatsSKUs = false
    inTurn.ranks = .none
    inTurn.isDisorderly = false
    inTurn.anticipates = false
    // What begins to wait later than its order came would have to do so in the order of the ids as well.
    inTurn = inTurn.without(.amendment, .failedPlan, .count, .adjustment, .hold, .transfer)
    for (seed, whole) in [(UInt64(130_000), distinct), (140_000, inTurn)] {
      var taste = whole.without(.dispatch, .status, .back)
      taste.ends = .outside
      var tried = 0
      forAll(400, seed: seed, make: { Generator.history(seed: $0, taste) }) { history throws(Broken) in
        guard Self.ranksAreClear(history) else { return }
        tried += 1
        let one = try Rounds.run(history, batch: 1)
        let many = try Rounds.run(history, batch: size)
        let (ones, manys) = (one.quantities, many.quantities)
        try require(ones == manys, "a batch of N is N batches of one", Self.difference(ones, manys))
      }
      #expect(tried >= 390, "histories of which the ranks are clear")
    }
  }

  /// Whether every order has a priority of its own, or they are of one and come in the order of their ids.
  private static func ranksAreClear(_ history: History) -> Bool {
    var ranks: [OrderID: Int32] = [:]
    var ids: [OrderID] = []
    for case .orderCreated(let order) in history.steps.map(\.event) where ranks[order.orderID] == nil {
      ranks[order.orderID] = order.priority
      ids.append(order.orderID)
    }
    let count = Set(ranks.values).count
    return count == ids.count || (count == 1 && ids == ids.sorted())
  }

  static func difference(_ one: [String], _ two: [String]) -> String {
    let (onlyOne, onlyTwo) = (Set(one).subtracting(two).sorted(), Set(two).subtracting(one).sorted())
    return "\(onlyOne) became \(onlyTwo)"
  }
}

/// Workers that take turns: each empties its queue, in batches of a size, before the other's turn. The messages reach
/// each worker in the same order, whatever the size.
enum Rounds {
  static func run(_ history: History, batch size: Int) throws(Broken) -> World {
    let world = World()
    var outside = history.steps[...]
    while !outside.isEmpty {
      let part = outside.prefix(max(1, history.steps.count / 3))
      outside = outside.dropFirst(part.count)
      var messages = part.map { Message(Envelope(outside: $0), $0.event) }
      while !messages.isEmpty {
        messages =
          try take(messages, by: .inventory, batch: size, in: world)
          + take(messages, by: .allocation, batch: size, in: world)
      }
    }
    try world.audit()
    return world
  }

  private static func take(
    _ messages: [Message], by side: Side, batch size: Int, in world: World
  ) throws(Broken) -> [Message] {
    let queue = messages.filter { side.consumes($0.envelope.type) }
    var follow: [Message] = []
    for start in stride(from: 0, to: queue.count, by: size) {
      let batch = Array(queue[start..<min(start + size, queue.count)])
      // Levels are evaluated once per batch: their events are more or fewer.
      follow += try world.take(batch, by: side).follow.filter { Side.isConsumed($0.event.type) }.map { Message($0) }
    }
    return follow
  }
}

extension World {
  /// All but counters and levels' states: those are evaluated once per batch.
  var quantities: [String] {
    summary(counters: false).map { line in
      line.split(separator: " ").filter { !["normal", "low", "out"].contains($0) }.joined(separator: " ")
    }
  }

  /// What policies set.
  var levels: [String] {
    items.values.flatMap { item in
      ["\(item.sku) \(item.safetyStock) \(item.band)"]
        + item.balances.map { "\($0.sku) \($0.location) \($0.safetyStock) \($0.band)" }
    }.sorted()
  }
}
