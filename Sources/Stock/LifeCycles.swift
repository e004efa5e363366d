import Contracts

// The life cycles of orders, their lines and what hangs on them. States are those that the code derives from
// quantities: every small case is tried, and what follows from it is the diagram.

extension LifeCycle {
  /// A line's units, by the quantities in which they are counted.
  public static var line: LifeCycle {
    let delivered = "delivered"
    let moves = UnitMove.all.map { Step(from: $0.from?.rawValue, to: $0.to.rawValue, causes: [$0.cause.rawValue]) }
    return LifeCycle(
      name: "line",
      steps: moves + [
        Step(
          from: UnitMove.Quantity.shipped.rawValue, to: delivered, causes: [EventType.shipmentDelivered.rawValue])
      ], states: UnitMove.Quantity.allCases.map(\.rawValue) + [delivered],
      ends: [UnitMove.Quantity.cancelled.rawValue, delivered])
  }

  /// An order, as its state follows from its lines.
  public static var order: LifeCycle {
    var steps = [
      Step(from: nil, to: OrderState.cancelled.rawValue, causes: [EventType.orderCancelled.rawValue]),
      Step(from: nil, to: OrderState.rejected.rawValue, causes: [EventType.orderCreated.rawValue]),
    ]
    for units in Units.all(upTo: 3) {
      if units.shipped == 0, units.reserved + units.backordered > 0 {
        steps.append(Step(from: nil, to: units.state.rawValue, causes: [EventType.orderCreated.rawValue]))
      }
      steps += stepsOfOrder(units)
    }
    return LifeCycle(
      name: "order", steps: steps, states: OrderState.allCases.map(\.rawValue),
      ends: [OrderState.fulfilled, .cancelled, .rejected, .expired].map(\.rawValue))
  }

  private static func stepsOfOrder(_ units: Units) -> [Step] {
    var steps: [Step] = []
    for (cause, next) in units.successors where next.state != units.state {
      for from in units.names(before: cause) {
        steps.append(Step(from: from, to: next.state.rawValue, causes: [cause.rawValue]))
      }
      // What left of a hold that had ended has come back.
      if cause == .shipmentFailed, units.state == .shipped, next.state == .cancelled {
        steps.append(Step(from: units.state.rawValue, to: OrderState.expired.rawValue, causes: [cause.rawValue]))
      }
    }
    // A hold ends with all of its order, also where its lines were cancelled one by one, and only while nothing of it
    // has left.
    if units.shipped == 0 {
      let expired = OrderState.expired.rawValue
      steps.append(Step(from: units.state.rawValue, to: expired, causes: [EventType.holdDue.rawValue]))
    }
    return steps
  }

  /// What of a line waits.
  public static var backorder: LifeCycle {
    var steps = [Step(from: nil, to: Backorder.State.open.rawValue, causes: [EventType.backorderCreated.rawValue])]
    for open in Int64(0)...2 {
      for filled in Int64(0)...2 {
        for cancelled in Int64(0)...2 where open + filled + cancelled > 0 {
          steps += stepsOfBackorder(open, filled, cancelled)
        }
      }
    }
    return LifeCycle(
      name: "backorder", steps: steps, states: Backorder.State.allCases.map(\.rawValue),
      ends: [Backorder.State.filled, .cancelled].map(\.rawValue))
  }

  private static func stepsOfBackorder(_ open: Int64, _ filled: Int64, _ cancelled: Int64) -> [Step] {
    func state(_ open: Int64, _ filled: Int64, _ cancelled: Int64) -> String {
      Backorder(
        quantity: open + filled + cancelled, open: open, filled: filled, cancelled: cancelled, isFillable: true,
        createdAt: Timestamp(microseconds: 0),
        isNew: false, isChanged: false
      ).state.rawValue
    }
    let now = state(open, filled, cancelled)
    let more = [EventType.orderAmended, .reservationBumped, .shipmentFailed, .shipmentPlanFailed]
    var next = [(state(open + 1, filled, cancelled), more)]
    if open > 0 {
      next.append((state(0, filled, cancelled + open), [.holdDue]))
      for units in 1...open {
        next.append((state(open - units, filled, cancelled + units), [.orderCancelled, .orderAmended]))
        next.append((state(open - units, filled + units, cancelled), [.backorderFilled, .shipmentDispatched]))
      }
    }
    return next.filter { $0.0 != now }.map { Step(from: now, to: $0.0, causes: $0.1.map(\.rawValue)) }
  }
}

/// The units of an order by quantity: a small case to try.
struct Units: Hashable {
  var reserved: Int64 = 0
  var backordered: Int64 = 0
  var shipped: Int64 = 0
  var cancelled: Int64 = 0
  var delivered: Int64 = 0

  /// Every case with 1 to `limit` units.
  static func all(upTo limit: Int64) -> [Units] {
    var all: [Units] = []
    for reserved in 0...limit {
      for backordered in 0...limit - reserved {
        for shipped in 0...limit - reserved - backordered {
          for cancelled in 0...limit - reserved - backordered - shipped
          where reserved + backordered + shipped + cancelled > 0 {
            for delivered in 0...shipped {
              all.append(
                Units(
                  reserved: reserved, backordered: backordered, shipped: shipped, cancelled: cancelled,
                  delivered: delivered))
            }
          }
        }
      }
    }
    return all
  }

  /// The state that the code derives.
  var state: OrderState {
    let line = OrderLine(
      number: 1, sku: SKU(trusted: "A"), ordered: reserved + backordered + shipped + cancelled, reserved: reserved,
      backordered: backordered, shipped: shipped, cancelled: cancelled, isNew: false)
    return Order.state(of: [line], delivered: delivered)
  }

  /// What an order in this case may be called when this happens to it: one of which nothing was accepted is rejected
  /// and not cancelled, and neither is amended any more, nor is a hold that has ended.
  func names(before cause: EventType) -> [String] {
    guard state == .cancelled, cause != .orderAmended else { return [state.rawValue] }
    return [OrderState.cancelled, .rejected, .expired].map(\.rawValue)
  }

  /// What may follow, with the event that leads to it.
  var successors: [(EventType, Units)] {
    var found: [(EventType, Units)] = []
    if shipped > delivered {
      for units in 1...(shipped - delivered) {
        var next = self
        next.delivered += units
        found.append((.shipmentDelivered, next))
      }
    }
    let causes = Set(UnitMove.all.filter { $0.from != nil }.map(\.cause)).subtracting([.holdDue])
    for cause in causes {
      let moves = UnitMove.all.filter { $0.cause == cause && $0.from != nil }
      for moved in Units.applying(moves[...], to: self) {
        let results = cause == .orderAmended ? moved.restated : [moved]
        for next in results where next != self { found.append((cause, next)) }
      }
    }
    return found
  }

  /// Every result of taking these ways with any number of units.
  private static func applying(_ moves: ArraySlice<UnitMove>, to units: Units) -> [Units] {
    guard let move = moves.first, let from = move.from else { return [units] }
    return (0...units.movable(from)).flatMap { count in
      var next = units
      next[from] -= count
      next[move.to] += count
      return applying(moves.dropFirst(), to: next)
    }
  }

  /// Every result of amending its quantity: what is not wanted any more leaves it, or a unit more is wanted.
  private var restated: [Units] {
    let fewer = (0...cancelled).map { count in
      var next = self
      next.cancelled -= count
      return next
    }
    let more = UnitMove.all.filter { $0.cause == .orderAmended && $0.from == nil }.map { move in
      var next = self
      next[move.to] += 1
      return next
    }
    return (fewer + more).filter { $0.reserved + $0.backordered + $0.shipped + $0.cancelled > 0 }
  }

  /// What was delivered does not come back from its carrier.
  private func movable(_ quantity: UnitMove.Quantity) -> Int64 {
    quantity == .shipped ? shipped - delivered : self[quantity]
  }

  private subscript(_ quantity: UnitMove.Quantity) -> Int64 {
    get {
      switch quantity {
      case .reserved: reserved
      case .backordered: backordered
      case .shipped: shipped
      case .cancelled: cancelled
      }
    }
    set {
      switch quantity {
      case .reserved: reserved = newValue
      case .backordered: backordered = newValue
      case .shipped: shipped = newValue
      case .cancelled: cancelled = newValue
      }
    }
  }
}
