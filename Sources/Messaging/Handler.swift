import Contracts
import Postgres

/// A message that could be read: what was delivered, and what it says. One object, however many hands it goes through.
public final class Message: Sendable {
  /// As the broker handed it over.
  public let delivery: Delivery
  @usableFromInline let content: IncomingMessage

  /// The CloudEvents attributes.
  @inlinable public var envelope: Envelope { content.envelope }
  /// The payload.
  @inlinable public var event: Event { content.event }

  /// A decoded message; what was decoded is taken over and not copied.
  public init(_ delivery: Delivery, _ content: consuming IncomingMessage) {
    self.delivery = delivery
    self.content = content
  }
}

extension Message {
  /// The moment by which the inbox files it: its own, or that of its replay. An operator admits a message that is older
  /// than the inbox remembers; the business ids in it protect against a repetition.
  var filedAt: Timestamp { delivery.replayedAt ?? envelope.time }
}

/// How much of the database a transaction assumes to be new.
public enum Approach: Sendable {
  /// Assume that no message and no business key was seen before; a unique violation proves otherwise and costs a second
  /// try. Nearly always right, and it saves a look-up per message.
  case optimistic
  /// Look everything up first: after a unique violation, for redeliveries and for retries.
  case careful
}

/// A domain's part of the pipeline: which rows a batch touches, the decision about each message, and what to write.
///
/// The pipeline calls, for one transaction: ``prepare(_:approach:on:)``, ``sendLocks(_:on:)``, ``receiveLocks(_:on:)``,
/// ``locked(_:at:on:)``, ``decide(_:in:at:)`` per message in arrival order, ``conclude(_:at:)`` and ``write(_:to:)``.
/// `decide` does no I/O.
public protocol Handler: Sendable {
  /// The rows that one transaction works on, with the effects of the messages decided so far.
  associatedtype State

  /// Who this worker is on the broker.
  var manifest: WorkerManifest { get }

  /// Works out which rows the messages touch. Runs before the transaction: may read without locks, and creates missing
  /// anchors and balances, zeroed and sorted, in autocommit statements.
  func prepare(_ messages: [Message], approach: Approach, on database: Connection) throws -> State

  /// Queues the locking statements in the one global lock order, and what else has to be read.
  func sendLocks(_ state: State, on database: Connection) throws

  /// Reads the answers to ``sendLocks(_:on:)``.
  func receiveLocks(_ state: State, on database: Connection) throws

  /// Everything is locked: what only the locked rows can tell is checked and loaded now.
  ///
  /// - Parameter now: The database's clock, read after the locks were granted.
  /// - Throws: ``NeedsMoreRows`` when a row turns out to matter that `prepare` could not know.
  func locked(_ state: State, at now: Timestamp, on database: Connection) throws

  /// Decides about one message. A message that is not `.applied` leaves the state as it was.
  func decide(_ message: Message, in state: State, at now: Timestamp) -> Disposition

  /// Evaluates once what depends on the batch as a whole, such as alerts. Each event names its cause.
  func conclude(_ state: State, at now: Timestamp) -> [OutgoingEvent]

  /// Queues the writes.
  func write(_ state: State, to writes: inout WriteSet) throws
}

/// Thrown while locking: the transaction needs rows that were not foreseen. It is rolled back and run again, and the
/// next `prepare` sees what this one could not.
public struct NeedsMoreRows: Error, Sendable {
  /// What was missing, for the log.
  public let what: String

  /// - Parameter what: What was missing.
  public init(_ what: String) { self.what = what }
}

/// Settles deliveries on the broker. The pipeline knows the broker only through this.
public protocol Broker {
  /// Acknowledges every delivery up to and including this one.
  func acknowledge(through tag: UInt64) throws
  /// Rejects one delivery to the dead-letter exchange: only for a message whose dead-letter record cannot be written.
  func reject(_ tag: UInt64) throws
  /// Serves heartbeats between attempts of a long batch.
  func serve() throws
  /// Whether whoever waits for something should give up: what is not acknowledged is delivered again.
  var isStopping: Bool { get }
}

extension Broker {
  /// One that is asked to stop says so itself.
  public var isStopping: Bool { false }
}
