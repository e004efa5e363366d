import Contracts
import Stock

/// Where a shipment stands.
public enum ShipmentState: String, CaseIterable, Sendable {
  /// It has left.
  case dispatched
  /// Its carrier has said that it is on its way.
  case inTransit = "in_transit"
  /// It has arrived.
  case delivered
  /// It comes back: its carrier could not deliver it.
  case failed
}

/// What a carrier's status does to a shipment.
enum StatusEffect: Hashable, Sendable {
  /// The shipment goes on to another state.
  case enters(ShipmentState)
  /// It is written down and changes nothing: said before, or come too late.
  case noted
  /// It cannot be true beside what was said before.
  case refused
}

extension ShipmentState {
  /// A step of a shipment's life.
  struct Transition: Hashable, Sendable {
    let from: ShipmentState
    let status: CarrierStatus
    let to: ShipmentState
  }

  /// Every step that there is; what is not here changes nothing.
  static let transitions: [Transition] = [
    Transition(from: .dispatched, status: .inTransit, to: .inTransit),
    Transition(from: .dispatched, status: .delivered, to: .delivered),
    Transition(from: .dispatched, status: .failed, to: .failed),
    Transition(from: .inTransit, status: .delivered, to: .delivered),
    Transition(from: .inTransit, status: .failed, to: .failed),
  ]

  /// Whether nothing follows.
  var isFinal: Bool { !Self.transitions.contains { $0.from == self } }

  /// What a status does. A state that nothing follows stays, whatever comes late.
  ///
  /// - Parameters:
  ///   - status: What the carrier says.
  ///   - time: When it happened, by the carrier's clock.
  ///   - statusTime: The same of the status that led to this state.
  func effect(of status: CarrierStatus, at time: Timestamp, after statusTime: Timestamp?) -> StatusEffect {
    if let step = Self.transitions.first(where: { $0.from == self && $0.status == status }) { return .enters(step.to) }
    switch (self, status) {
    // An attempt that failed before another one succeeded, told late.
    case (.delivered, .failed): return statusTime.map { time <= $0 } == true ? .noted : .refused
    case (.failed, .delivered): return .refused
    default: return .noted
    }
  }
}

extension LifeCycle {
  /// A shipment, as its carrier tells it.
  public static var shipment: LifeCycle {
    let begin = Step(
      from: nil, to: ShipmentState.dispatched.rawValue, causes: [EventType.shipmentDispatched.rawValue])
    let steps = ShipmentState.transitions.map { step in
      Step(from: step.from.rawValue, to: step.to.rawValue, causes: ["shipment.status \(step.status.rawValue)"])
    }
    return LifeCycle(
      name: "shipment", steps: [begin] + steps, states: ShipmentState.allCases.map(\.rawValue),
      ends: ShipmentState.allCases.filter(\.isFinal).map(\.rawValue))
  }
}
