import Contracts
import Outbox
import Postgres

/// A delivery, and what reading it gave.
final class Decoded: Sendable {
  let delivery: Delivery
  let content: Result<Message, Malformed>

  init(delivery: Delivery, content: Result<Message, Malformed>) {
    self.delivery = delivery
    self.content = content
  }

  init(_ delivery: Delivery) {
    self.delivery = delivery
    do throws(Malformed) {
      let message = try IncomingMessage.decode(
        body: delivery.body, contentType: delivery.contentType, messageID: delivery.messageID,
        routingKey: delivery.routingKey)
      // Beside the key that it came by: anybody can set a header, and with it only narrow what they may say.
      if let key = delivery.carriedKey { try message.requireType(named: key) }
      content = .success(Message(delivery, message))
    } catch {
      content = .failure(error)
    }
  }

  var message: Message? {
    if case .success(let message) = content { return message }
    return nil
  }

  /// Redelivered or retried: likely known already.
  var wantsCare: Bool { delivery.redelivered || delivery.attempt > 0 }
}

/// Gathers what becomes of a batch's messages, and writes it: what the inbox's rows have to say instead, dead letters,
/// outbox.
///
/// Everything in comes out: the report counts as many outcomes as there were deliveries.
struct Settlement {
  private let manifest: WorkerManifest
  private let now: Timestamp
  private var inbox: Inbox
  private var outbox = OutboxWriter()
  private var deadLetters: [DeadLetter] = []
  private var report = BatchReport()

  init(manifest: WorkerManifest, now: Timestamp, inbox: Inbox) {
    self.manifest = manifest
    self.now = now
    self.inbox = inbox
  }

  /// Settles one delivery; `decide` is asked only about a message that is readable, in time and new.
  mutating func settle(_ item: Decoded, _ admission: Inbox.Admission, decide: (Message) -> Disposition) {
    switch admission {
    case .unreadable(let malformed): bury(item, kind: .malformed, because: Reason(malformed))
    case .outdated(let reason): bury(item, kind: .refused, because: reason)
    case .known(let message, let earlier): settle(item, message, earlier)
    case .claimed(let message, let place): settle(item, message, place, decide(message))
    }
  }

  private mutating func settle(_ item: Decoded, _ message: Message, _ earlier: Inbox.Earlier) {
    switch earlier {
    case .same:
      report.add(message, .duplicate, nil)
    case .differentBody:
      bury(
        item, kind: .refused,
        because: Reason(
          .idReused, field: "id", value: message.envelope.id,
          rule: "was used before with another body: a new message needs a new id, the same message its first body"))
    }
  }

  private mutating func settle(_ item: Decoded, _ message: Message, _ place: Int, _ disposition: Disposition) {
    switch disposition {
    case .applied(let events):
      outbox.append(events)
      // As the audit compares them with the sequences of orders and SKUs.
      inbox.record(place, .applied(events: events.count { !$0.isNote }))
      report.add(message, .applied, nil)
    case .unchanged(let why):
      inbox.record(place, .unchanged)
      report.add(message, .unchanged, why)
    case .notApplied(let reason):
      inbox.record(place, giveUp(item, message, because: reason))
    }
  }

  /// - Returns: How a message ends that was not applied: in a delay tier, or as a dead letter.
  private mutating func giveUp(_ item: Decoded, _ message: Message, because reason: Reason) -> MessageEnd {
    switch reason.kind.treatment {
    case .retry:
      if let row = Retry.row(message, because: reason, for: manifest, at: now) {
        outbox.append(row)
        report.add(message, .retried, reason.description)
        return MessageEnd(.retried)
      }
      bury(item, kind: .exhausted, because: reason)
    case .deadLetter: bury(item, kind: .refused, because: reason)
    }
    return MessageEnd(.deadLettered)
  }

  private mutating func bury(_ item: Decoded, kind: DeadLetter.Kind, because reason: Reason) {
    deadLetters.append(
      DeadLetter(delivery: item.delivery, envelope: item.message?.envelope, kind: kind, reason: reason))
    report.addDeadLetter(item, kind, reason)
  }

  /// Puts a message aside whose own transaction could not commit, unless another lane has settled it meanwhile.
  ///
  /// - Parameter remembering: Whether the inbox is to keep it; false where the inbox itself refuses the message.
  mutating func bury(_ item: Decoded, because reason: Reason, remembering: Bool) {
    guard let message = item.message else { return bury(item, kind: .refused, because: reason) }
    if let earlier = inbox.earlier(message) { return settle(item, message, earlier) }
    let end = giveUp(item, message, because: reason)
    // The inbox has no place for a message from beyond its days.
    guard remembering, Inbox.outdated(message, at: now) == nil else { return }
    inbox.recordUnclaimed(message, end)
  }

  /// Buries a message of which the worker dies; one that was settled before it died needs nothing more.
  mutating func condemn(_ item: Decoded, deaths: Int, isSettled: Bool) {
    guard !isSettled else { return report.addDuplicate(unread: item.delivery) }
    bury(
      item, kind: .crashed,
      because: Reason(
        .crashed, field: "message", value: item.delivery.messageID ?? "",
        rule: "the worker died \(deaths) times while it handled this message alone"))
  }

  /// Adds the events that depend on the batch as a whole.
  mutating func conclude(_ events: [OutgoingEvent]) {
    outbox.append(events)
    for event in events {
      if let cause = event.causationID { inbox.addEvent(causedBy: cause) }
    }
  }

  /// Queues everything and says what became of the batch.
  func send(to writes: inout WriteSet, waking wakeUp: RelayWakeUp) throws -> BatchReport {
    // A burial's row, too, stands before its dead letter, as a claim does.
    try inbox.send(to: &writes)
    // Sorted, as every claim of a unique key: two lanes with the same dead letters wait in one direction only.
    for letter in deadLetters.sorted(by: { $0.sortKey < $1.sortKey }) {
      try letter.send(for: manifest, at: now, to: &writes)
    }
    try outbox.send(to: &writes, waking: wakeUp)
    return report
  }
}

/// What became of a batch.
public struct BatchReport: Sendable {
  /// What ``Entry/deadLetterKind`` may be.
  public static let deadLetterKinds = DeadLetter.Kind.allCases.map(\.rawValue)

  /// One message's end.
  public struct Entry: Sendable {
    /// CloudEvents id, or the AMQP message id of an unreadable message.
    public let messageID: String
    /// CloudEvents type, or the routing key of an unreadable message.
    public let type: String
    /// The correlation id, if any.
    public let correlationID: String?
    /// How it ended.
    public let outcome: Outcome
    /// Why, where that is not self-evident.
    public let why: String?
    /// The kind of dead letter that it became, if it did.
    public var deadLetterKind: String?
  }

  /// In arrival order.
  public private(set) var entries: [Entry] = []
  /// How long the database took, repeated transactions included.
  public internal(set) var databaseTime: Duration = .zero
  /// How long it took from the deliveries in hand until they could be acknowledged.
  public internal(set) var totalTime: Duration = .zero

  mutating func add(_ message: Message, _ outcome: Outcome, _ why: String?) {
    entries.append(
      Entry(
        messageID: message.envelope.id, type: message.envelope.type.rawValue,
        correlationID: message.envelope.correlationID, outcome: outcome, why: why))
  }

  mutating func addDuplicate(unread delivery: Delivery) {
    entries.append(
      Entry(
        messageID: delivery.messageID ?? "", type: delivery.routingKey, correlationID: nil, outcome: .duplicate,
        why: nil))
  }

  mutating func addDeadLetter(_ item: Decoded, _ kind: DeadLetter.Kind, _ reason: Reason) {
    entries.append(
      Entry(
        messageID: item.message?.envelope.id ?? item.delivery.messageID ?? "",
        type: item.message?.envelope.type.rawValue ?? item.delivery.routingKey,
        correlationID: item.message?.envelope.correlationID, outcome: .deadLettered, why: reason.description,
        deadLetterKind: kind.rawValue))
  }
}

/// Is told what the pipeline does; turns it into metrics and logs.
public protocol PipelineObserver: AnyObject {
  /// A batch was committed and acknowledged.
  func settled(_ report: BatchReport)
  /// A transaction was rolled back, for what others do at the same time, and runs again.
  func repeated(after error: any Error)
  /// A failing batch of this size was halved.
  func halved(_ size: Int, because reason: String)
  /// A message went to the broker's dead-letter exchange because its record could not be written.
  func rejected(_ delivery: Delivery, because reason: String)
}
