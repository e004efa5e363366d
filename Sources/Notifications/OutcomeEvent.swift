import Contracts
import Messaging

extension LeasedDelivery {
  /// `notification.sent`, or `notification.failed` with its reason. The only event in this notification's history, but
  /// for those of earlier rounds, all of which failed.
  func outcomeEvent(error: String?, at now: Timestamp) -> OutgoingEvent {
    OutgoingEvent(
      id: EventID.next(at: now), source: WorkerManifest.notification.source, time: now, correlationID: correlationID,
      causationID: eventID, traceparent: traceparent, aggregate: "notification/\(notificationID)",
      sequence: Int64(round),
      subject: notificationID, event: error.map(failure) ?? success)
  }

  private var success: Event {
    .notificationSent(
      NotificationSent(
        notificationID: notificationID, channel: channel, recipient: recipient, eventID: eventID, eventType: eventType,
        attempts: attempt))
  }

  private func failure(_ reason: String) -> Event {
    .notificationFailed(
      NotificationFailed(
        notificationID: notificationID, channel: channel, recipient: recipient, eventID: eventID, eventType: eventType,
        attempts: attempt, reason: reason))
  }
}
