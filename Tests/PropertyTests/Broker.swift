import Contracts
import Messaging
import TestServers

@testable import Allocation
@testable import Stock

/// Hands messages to the workers as the broker would, and what follows from them, until nothing follows.
struct Broker {
  let world: World
  private var queues: [Side: [Parcel]] = [.inventory: [], .allocation: []]
  private var delayed: [(Side, Parcel)] = []
  private var dice: SeededGenerator
  private let schedule: History.Schedule
  private static let attempts = 4

  private struct Parcel {
    let message: Message
    var attempt = 0
  }

  init(_ world: World, _ schedule: History.Schedule) {
    self.world = world
    self.schedule = schedule
    dice = SeededGenerator(seed: schedule.seed)
  }

  // MARK: Turns

  /// Publishes the steps and works until every queue is empty and nothing waits for another attempt.
  mutating func work(through steps: [Step]) throws(Broken) {
    var rest = steps[...]
    while true {
      switch nextTurn(canPublish: !rest.isEmpty) {
      case .publish:
        let step = rest.removeFirst()
        enqueue(
          Message(
            Envelope(outside: step), step.event))
      case .serve(let side): try serve(side)
      case .sweep: for event in world.timely { enqueue(world.swept(event)) }
      case .retry:
        for (side, parcel) in delayed { queues[side, default: []].append(parcel) }
        delayed = []
      case nil: return
      }
    }
  }

  private enum Turn {
    case publish
    case serve(Side)
    /// What the clock has made due.
    case sweep
    case retry
  }

  /// In a plain schedule a message comes when all that follows from the one before has happened; otherwise anything
  /// may be next.
  private mutating func nextTurn(canPublish: Bool) -> Turn? {
    var turns = Side.allCases.filter { queues[$0]?.isEmpty == false }.map(Turn.serve)
    if turns.isEmpty || (schedule.disorder && Int.random(in: 0..<8, using: &dice) == 0), !world.timely.isEmpty {
      turns.append(.sweep)
    }
    let isIdle = turns.isEmpty && !canPublish
    if canPublish, turns.isEmpty || schedule != .plain { turns.append(.publish) }
    if !delayed.isEmpty, isIdle || (schedule.disorder && Int.random(in: 0..<8, using: &dice) == 0) {
      turns.append(.retry)
    }
    return schedule == .plain ? turns.first : turns.randomElement(using: &dice)
  }

  private mutating func enqueue(_ message: Message) {
    for side in Side.allCases where side.consumes(message.envelope.type) {
      queues[side, default: []].append(Parcel(message: message))
    }
  }

  private mutating func serve(_ side: Side) throws(Broken) {
    var queue = queues[side] ?? []
    if schedule.disorder { queue.shuffle(using: &dice) }
    let size = schedule.batch == 1 ? 1 : Int.random(in: 1...schedule.batch, using: &dice)
    let batch = Array(queue.prefix(size))
    queues[side] = Array(queue.dropFirst(size))
    let (retried, follow) = try world.take(batch.map(\.message), by: side)
    for message in retried {
      guard var parcel = batch.first(where: { $0.message === message }) else { continue }
      parcel.attempt += 1
      if parcel.attempt < Broker.attempts { delayed.append((side, parcel)) }
    }
    for event in follow { enqueue(Message(event)) }
  }

  /// What the sweepers do, until they find nothing.
  mutating func sweep() throws(Broken) {
    for round in 0... {
      let due = world.due.map(Event.backordersDue) + world.timely + world.silent
      if due.isEmpty { return }
      guard round < 20 else { throw Broken("nothing rests with backorders and stock to fill them", "\(due)") }
      for event in due { enqueue(world.swept(event)) }
      try work(through: [])
    }
  }
}

extension World {
  /// What rests though stock could fill it: SKUs, and orders or lines that wait as a whole.
  var due: [BackordersDue] {
    for item in items.values where item.hasLots { item.arrangeLots(at: now) }
    var due = items.values.filter { $0.owed > 0 && $0.free > 0 }.map { BackordersDue(sku: $0.sku) }
    for order in orders.values {
      var wanted: [SKU: Int64] = [:]
      for line in order.lines where line.backordered > 0 && line.backorder?.isFillable == false {
        if order.terms.policy == .lineComplete, canPromise(line.backordered, of: line.sku) {
          due.append(BackordersDue(sku: line.sku, orderID: order.id))
        }
        wanted[line.sku, default: 0] += line.backordered
      }
      guard order.terms.policy == .shipComplete, let sku = wanted.keys.min() else { continue }
      if wanted.allSatisfy({ canPromise($0.value, of: $0.key) }) {
        due.append(BackordersDue(sku: sku, orderID: order.id))
      }
    }
    return due.sorted { ($0.sku.value, $0.orderID?.value ?? "") < ($1.sku.value, $1.orderID?.value ?? "") }
  }

  /// Holds and lots whose time has come.
  var timely: [Event] {
    var found: [Event] = []
    for order in orders.values {
      if let end = order.holdUntil, end <= now { found.append(.holdDue(HoldDue(orderID: order.id))) }
    }
    for item in items.values {
      for (name, lot) in item.lots where lot.reportedAt == nil && lot.isExpired(at: now) {
        let id = LotID(trusted: name)
        if !item.balances(of: id).isEmpty { found.append(.lotsDue(LotsDue(sku: item.sku, lot: id))) }
      }
    }
    return found.count < 2 ? found : found.sorted { "\($0)" < "\($1)" }
  }

  /// Shipments of which nothing was heard for a week.
  var silent: [Event] {
    let since = now + .seconds(-7 * 86_400)
    let found = records.shipments.values.filter { $0.overdueAt == nil && !$0.state.isFinal && $0.heardAt <= since }
    return found.sorted { $0.id < $1.id }.map {
      .shipmentStatusDue(ShipmentStatusDue(shipmentID: $0.id, silentSince: since))
    }
  }

  /// Whether so much is free and owed to nobody.
  private func canPromise(_ units: Int64, of sku: SKU) -> Bool {
    items[sku].map { $0.free - $0.owed >= units } ?? false
  }
}

extension Envelope {
  /// Of a message that somebody outside publishes.
  init(outside step: Step) {
    self.init(id: step.id, source: "urn:test:publisher", type: step.event.type, time: step.time)
  }
}

extension Message {
  /// A message of which only the content matters.
  convenience init(_ envelope: Envelope, _ event: Event) {
    self.init(
      Delivery(
        tag: 1, body: [], routingKey: envelope.type.rawValue, messageID: envelope.id, contentType: nil,
        redelivered: false, headers: [:]),
      IncomingMessage(envelope: envelope, event: event))
  }

  /// An event of ours, as it comes to who consumes it.
  convenience init(_ event: OutgoingEvent) {
    self.init(
      Envelope(
        id: event.id, source: event.source, type: event.event.type, subject: event.subject, time: event.time,
        correlationID: event.correlationID, causationID: event.causationID, aggregate: event.aggregate,
        sequence: event.sequence), event.event)
  }
}

extension History {
  /// The world after all of it, what follows included, every promise checked.
  ///
  /// - Parameter saboteur: A rule that a test breaks on purpose.
  func world(_ saboteur: ((World, Event) -> Void)? = nil) throws(Broken) -> World {
    let world = World()
    world.saboteur = saboteur
    try run(in: world)
    return world
  }

  /// Runs on in a world that exists.
  func run(in world: World) throws(Broken) {
    var broker = Broker(world, schedule)
    try broker.work(through: steps)
    try broker.sweep()
    world.passTime()
    try broker.sweep()
    try world.audit()
  }
}
