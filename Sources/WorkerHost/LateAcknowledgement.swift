import AMQP

/// Acknowledges small batches a moment late, when nothing else is to be done.
///
/// A quorum queue writes an acknowledgement to the broker's log and flushes it, and whatever arrives meanwhile waits
/// for the next flush. Behind a commit that is the event: its way to the sink would be a flush longer, 0.2 to 0.3 ms of
/// 2.4 at light load. Should the process die within the moment, the messages come back, and the inbox knows them.
final class LateAcknowledgement {
  /// How late. An event takes 0.3 to 0.5 ms from its commit to the broker.
  private static let moment = Duration.milliseconds(2)
  /// Larger batches come under a load at which the broker is never idle.
  private static let largestBatch = 32

  private let consumer: Consumer
  private let mostHeldBack: UInt64
  /// The last delivery of all that were taken.
  private var takenThrough: UInt64 = 0
  /// The last delivery that is settled; all before it are as well.
  private(set) var settledThrough: UInt64 = 0
  private var isHeldBack = false

  /// - Parameter consumer: Whose deliveries are acknowledged.
  init(_ consumer: Consumer) {
    self.consumer = consumer
    // The broker must have room to deliver more meanwhile.
    mostHeldBack = UInt64(min(LateAcknowledgement.largestBatch, consumer.prefetch / 4))
  }

  /// Takes as the consumer does. What was held back is sent when there is something to take, or after the moment.
  func take(upTo limit: Int, bytes: Int, waiting: Duration) throws -> [AMQP.Delivery] {
    var taken: [AMQP.Delivery] = []
    if isHeldBack {
      do {
        taken = try consumer.take(upTo: limit, bytes: bytes, waiting: min(waiting, LateAcknowledgement.moment))
      } catch {
        try? send()
        throw error
      }
      try send()
    }
    if taken.isEmpty { taken = try consumer.take(upTo: limit, bytes: bytes, waiting: waiting) }
    if let last = taken.last { takenThrough = last.tag }
    return taken
  }

  /// Acknowledges all up to this delivery: at once if more is in hand or it was a large batch.
  func acknowledge(through tag: UInt64) throws {
    let isSmall = tag <= settledThrough + mostHeldBack
    settledThrough = tag
    isHeldBack = true
    if tag < takenThrough || !isSmall { try send() }
  }

  /// Rejects one delivery, behind all that were acknowledged.
  func reject(_ tag: UInt64) throws {
    try send()
    try consumer.reject(tag, requeue: false)
    settledThrough = tag
  }

  /// Sends what is held back: before anything that takes longer, and before the connection is closed.
  func send() throws {
    guard isHeldBack else { return }
    isHeldBack = false
    try consumer.ack(settledThrough, multiple: true)
  }
}
