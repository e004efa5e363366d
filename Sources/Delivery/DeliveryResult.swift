/// How one attempt to deliver a notification ended.
public enum DeliveryResult: Sendable, Hashable {
  /// The receiver has taken responsibility for it.
  case delivered
  /// Another attempt may succeed: the network, the receiver's load, or our login.
  ///
  /// `retryAfter` is the receiver's wish for how long to wait, where it stated one.
  case temporary(reason: String, retryAfter: Duration? = nil)
  /// No further attempt can succeed: the receiver refused this message or this recipient.
  case permanent(reason: String)
}

/// A setting of a mail server, an address or an endpoint that cannot work. Never contains a value that may be secret.
public struct DeliverySettingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, such as `webhook secret`.
  public let setting: String
  /// What would have been right.
  public let rule: String

  /// Names the setting and the rule that it breaks.
  public init(setting: String, rule: String) {
    self.setting = setting
    self.rule = rule
  }

  /// One sentence.
  public var description: String { "\(setting): \(rule)" }
}
