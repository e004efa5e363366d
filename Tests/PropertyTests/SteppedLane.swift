import Allocation
import Contracts
import Dispatch
import Inventory
import Messaging
import PipelineKit
import Postgres
import Synchronization

/// The steps of a transaction, each of which begins when a scheduler lets it.
enum TransactionStep: String, Sendable {
  /// Reads without locks, creates what is missing.
  case prepare
  /// BEGIN, the claim of the inbox and the locks.
  case lock
  /// What only the locked rows can tell, then the decisions.
  case decide
  /// The rows are written, and nothing is committed.
  case write
  /// What the inbox has to say instead, outbox, COMMIT.
  case commit
}

/// Holds a lane's thread at the beginning of each step.
final class StepGate: Sendable {
  private let waiting = Mutex<TransactionStep?>(nil)
  private let signal = DispatchSemaphore(value: 0)

  /// Where the lane waits to be let on; nil while it works.
  var step: TransactionStep? { waiting.withLock { $0 } }

  /// Lets the lane on.
  func open() {
    waiting.withLock { $0 = nil }
    signal.signal()
  }

  /// Called on the lane's own thread, which has nothing else to do meanwhile.
  fileprivate func arrive(at step: TransactionStep) {
    waiting.withLock { $0 = step }
    signal.wait()
  }
}

/// A worker's handler that stops before each step. Its last write waits for an advisory lock, so that what it has
/// written stands there uncommitted until somebody gives the lock free.
struct SteppedHandler<Domain: Handler>: Handler {
  let domain: Domain
  let gate: StepGate
  /// The advisory lock before COMMIT.
  let stall: Int64

  var manifest: WorkerManifest { domain.manifest }

  func prepare(_ messages: [Message], approach: Approach, on database: Connection) throws -> Domain.State {
    gate.arrive(at: .prepare)
    return try domain.prepare(messages, approach: approach, on: database)
  }

  func sendLocks(_ state: Domain.State, on database: Connection) throws {
    gate.arrive(at: .lock)
    try domain.sendLocks(state, on: database)
  }

  func receiveLocks(_ state: Domain.State, on database: Connection) throws {
    try domain.receiveLocks(state, on: database)
  }

  func locked(_ state: Domain.State, at now: Timestamp, on database: Connection) throws {
    gate.arrive(at: .decide)
    try domain.locked(state, at: now, on: database)
  }

  func decide(_ message: Message, in state: Domain.State, at now: Timestamp) -> Disposition {
    domain.decide(message, in: state, at: now)
  }

  func conclude(_ state: Domain.State, at now: Timestamp) -> [OutgoingEvent] { domain.conclude(state, at: now) }

  func write(_ state: Domain.State, to writes: inout WriteSet) throws {
    gate.arrive(at: .write)
    try domain.write(state, to: &writes)
    try writes.send(Statement(name: "stall", sql: "select pg_advisory_xact_lock($1)"), [.int(stall)])
  }
}

/// A lane of a worker that takes one batch, step by step.
final class SteppedLane: Sendable {
  let gate = StepGate()
  let worker: Worker
  let stall: Int64
  private let result = Mutex<Result<Taken, any Error>?>(nil)

  init(_ side: Side, number: Int64, in house: House) async throws {
    stall = 7_000_000 + number
    worker =
      switch side {
      case .inventory:
        try await house.worker(
          SteppedHandler(domain: InventoryHandler(), gate: gate, stall: stall), role: "tallyman_inventory")
      case .allocation:
        try await house.worker(
          SteppedHandler(domain: AllocationHandler(), gate: gate, stall: stall), role: "tallyman_allocation")
      }
  }

  /// What became of the batch, once it is settled.
  var taken: Taken? {
    get throws { try result.withLock { try $0?.get() } }
  }

  var isFinished: Bool { result.withLock { $0 != nil } }

  /// Hands the batch over; the lane stops before its first step.
  func start(_ letters: [Letter]) {
    result.withLock { $0 = nil }
    Task {
      do {
        let taken = try await worker.take(letters)
        result.withLock { $0 = .success(taken) }
      } catch {
        result.withLock { $0 = .failure(error) }
      }
    }
  }
}
