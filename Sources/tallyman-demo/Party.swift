import Contracts

/// The systems around Tallyman, each a user on the broker with the rights that the topology gives it and no others.
enum Party: String, CaseIterable {
  /// Registers products.
  case catalogue
  /// Registers locations, sets policies, receives, moves and dispatches goods.
  case warehouse
  /// Sells.
  case shop

  /// Who listens.
  static let subscriber = "subscriber"

  /// Who publishes events of this type.
  init(publishing type: EventType) {
    switch type {
    case .productRegistered: self = .catalogue
    case .orderCreated, .orderCancelled: self = .shop
    default: self = .warehouse
    }
  }

  /// The CloudEvents source of its events.
  var source: String { "urn:example:\(rawValue)" }
}
