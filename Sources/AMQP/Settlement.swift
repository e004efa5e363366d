/// What became of a published message.
public struct Settlement: Sendable, Hashable {
  /// What ``Publisher/publish(exchange:routingKey:properties:body:mandatory:)`` returned.
  public let sequence: UInt64
  /// The broker's answer.
  public let outcome: Outcome

  /// The broker's answer to a publish.
  public enum Outcome: Sendable, Hashable {
    /// The message is safe on every queue it was routed to.
    case confirmed
    /// A queue refused it, for example a full one.
    case nacked
    /// It was mandatory and no queue wanted it: code 312 and the broker's text.
    case returned(code: Int, text: String)
  }

  /// - Parameters:
  ///   - sequence: See ``sequence``.
  ///   - outcome: See ``outcome``.
  public init(sequence: UInt64, outcome: Outcome) {
    self.sequence = sequence
    self.outcome = outcome
  }
}
