import Contracts

/// What a worker consumes and publishes, declared in code once: topology, checks and documentation derive from it.
public struct WorkerManifest: Sendable {
  /// Stable name of the handler; part of the inbox key, so it never changes.
  public let consumer: String
  /// The CloudEvents source of this worker's events.
  public let source: String
  /// The work queue.
  public let queue: String
  /// The events that are routed to the queue.
  public let consumes: [EventType]
  /// The events that the worker may cause.
  public let publishes: [EventType]
  private let usually: [EventType: MessageEnd]

  /// A worker's declaration.
  ///
  /// - Parameter usually: How messages usually end, where that is not with one event.
  public init(
    consumer: String, queue: String, consumes: [EventType], publishes: [EventType],
    usually: [EventType: MessageEnd] = [:]
  ) {
    self.consumer = consumer
    self.usually = usually
    source = "urn:tallyman:\(consumer)"
    self.queue = queue
    self.consumes = consumes
    self.publishes = publishes
  }

  /// How a message of this type usually ends. The inbox says so before it is decided, and is corrected where it ends
  /// otherwise: nothing but speed depends on it.
  func usualEnd(of type: EventType) -> MessageEnd { usually[type] ?? .applied(events: 1) }

  /// The queue of the given retry tier, 1 … ``RetryTier/all`` count.
  public func retryQueue(_ number: Int) -> String { "\(queue).retry.\(number)" }
  /// Where the broker puts what it gave up by itself, until it has a record.
  public var undeliveredQueue: String { "\(queue).undelivered" }
  /// The queue that shows open dead letters.
  public var deadQueue: String { "\(queue).dead" }
}

/// A delay before a message is tried again: a queue whose messages expire back into the work queue.
public struct RetryTier: Sendable {
  /// 1 for the first.
  public let number: Int
  /// How long a message waits here.
  public let delay: Duration

  /// The tiers with their default delays, in order. After the last one a message becomes a dead letter.
  public static let all: [RetryTier] = [
    RetryTier(number: 1, delay: .seconds(5)),
    RetryTier(number: 2, delay: .seconds(30)),
    RetryTier(number: 3, delay: .seconds(300)),
  ]
}
