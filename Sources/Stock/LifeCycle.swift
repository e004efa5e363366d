import Contracts

/// The states of a thing and the steps between them, as a diagram shows them.
public struct LifeCycle: Sendable {
  /// A step: what leads from one state to another.
  public struct Step: Hashable, Sendable {
    /// Nil: it begins here.
    public let from: String?
    /// Nil: it may end here.
    public let to: String?
    /// What leads to it; empty where it ends.
    public let causes: [String]

    /// A step.
    public init(from: String?, to: String?, causes: [String] = []) {
      self.from = from
      self.to = to
      self.causes = causes
    }
  }

  /// What lives it, such as `order`.
  public let name: String
  /// Every step, by states; each pair of states once.
  public let steps: [Step]

  /// Joins the causes of steps between the same states.
  ///
  /// - Parameters:
  ///   - name: What lives it.
  ///   - steps: In any order, with repetitions.
  ///   - states: The order in which states are shown.
  ///   - ends: The states in which it may end.
  public init(name: String, steps: [Step], states: [String], ends: [String]) {
    var causes: [[String?]: Set<String>] = [:]
    for step in steps { causes[[step.from, step.to], default: []].formUnion(step.causes) }
    let places: [String?] = [nil] + states
    var joined: [Step] = []
    for from in places {
      for to in states {
        guard let found = causes[[from, to]] else { continue }
        joined.append(Step(from: from, to: to, causes: found.sorted()))
      }
    }
    self.name = name
    self.steps = joined + ends.map { Step(from: $0, to: nil) }
  }
}

/// How a unit of an order line goes from one of the line's quantities to another: the line equation as steps.
public struct UnitMove: Hashable, Sendable {
  /// A quantity of a line; every unit is in one of them.
  public enum Quantity: String, CaseIterable, Sendable {
    /// Promised from stock.
    case reserved
    /// Waits for stock.
    case backordered
    /// Has left.
    case shipped
    /// Will not be delivered.
    case cancelled
  }

  /// Where it was; nil: it was just ordered.
  public let from: Quantity?
  /// Where it is then.
  public let to: Quantity
  /// The event that does it, or tells of it.
  public let cause: EventType

  /// Every way of a unit.
  public static let all: [UnitMove] = [
    UnitMove(from: nil, to: .reserved, cause: .orderCreated),
    UnitMove(from: nil, to: .backordered, cause: .orderCreated),
    UnitMove(from: nil, to: .cancelled, cause: .orderCreated),
    UnitMove(from: .backordered, to: .reserved, cause: .backorderFilled),
    UnitMove(from: .reserved, to: .shipped, cause: .shipmentDispatched),
    UnitMove(from: .backordered, to: .shipped, cause: .shipmentDispatched),
    UnitMove(from: .cancelled, to: .shipped, cause: .shipmentDispatched),
    UnitMove(from: .reserved, to: .cancelled, cause: .orderCancelled),
    UnitMove(from: .backordered, to: .cancelled, cause: .orderCancelled),
    UnitMove(from: nil, to: .reserved, cause: .orderAmended),
    UnitMove(from: nil, to: .backordered, cause: .orderAmended),
    UnitMove(from: nil, to: .cancelled, cause: .orderAmended),
    UnitMove(from: .reserved, to: .cancelled, cause: .orderAmended),
    UnitMove(from: .backordered, to: .cancelled, cause: .orderAmended),
    UnitMove(from: .cancelled, to: .reserved, cause: .orderAmended),
    UnitMove(from: .cancelled, to: .backordered, cause: .orderAmended),
    UnitMove(from: .reserved, to: .cancelled, cause: .holdDue),
    UnitMove(from: .backordered, to: .cancelled, cause: .holdDue),
    UnitMove(from: .reserved, to: .backordered, cause: .reservationBumped),
    UnitMove(from: .reserved, to: .cancelled, cause: .reservationBumped),
    UnitMove(from: .reserved, to: .backordered, cause: .shipmentPlanFailed),
    UnitMove(from: .reserved, to: .cancelled, cause: .shipmentPlanFailed),
    UnitMove(from: .shipped, to: .reserved, cause: .shipmentFailed),
    UnitMove(from: .shipped, to: .backordered, cause: .shipmentFailed),
    UnitMove(from: .shipped, to: .cancelled, cause: .shipmentFailed),
  ]
}
