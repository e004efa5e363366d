import Contracts

/// One thing to send: to whom, by which way, in which words.
public struct NotificationPlan: Hashable, Sendable {
  /// Mail or webhook.
  public let channel: NotificationChannel
  /// A mail address, or the name of an endpoint.
  public let recipient: String
  /// What it is about, in one line.
  public let subject: String
  /// The mail's text; a webhook carries the event itself instead.
  public let text: String

  /// A plan from its parts.
  public init(channel: NotificationChannel, recipient: String, subject: String, text: String) {
    self.channel = channel
    self.recipient = recipient
    self.subject = subject
    self.text = text
  }
}

/// Which notifications follow from an event.
public enum NotificationRules {
  /// One plan per recipient. No I/O.
  ///
  /// - Returns: Empty where nobody wants to be told, or for events that are nobody's news.
  public static func decide(_ event: Event, routes: NotificationRoutes) -> [NotificationPlan] {
    let recipients = routes.recipients(of: event.type)
    guard !recipients.isEmpty, let wording = Wording(event) else { return [] }
    return recipients.map {
      NotificationPlan(channel: $0.channel, recipient: $0.recipient, subject: wording.subject, text: wording.text)
    }
  }
}
