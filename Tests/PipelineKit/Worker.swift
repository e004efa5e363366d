import Contracts
import Lanes
import Messaging
import Postgres
import Synchronization

/// A worker as it runs in production, with lists in the broker's place: deliveries in, acknowledgements out.
public final class Worker: Stoppable, @unchecked Sendable {
  // `@unchecked Sendable`: everything mutable is touched on `lane` only.
  private let lane = Lane(name: "worker")
  private let options: ConnectionOptions
  private let run: (_ deliveries: [Delivery], Postgres.Connection, Recorder) throws -> Void
  private let recorder = Recorder()
  private var connection: Postgres.Connection?
  private let pid = Mutex<Int64>(0)

  init<Domain: Handler>(_ handler: Domain, options: ConnectionOptions) async throws {
    self.options = options
    let pipeline = Pipeline(handler, observer: recorder)
    let parts = Unchecked((pipeline, Suspects(pipeline, consumer: handler.manifest.consumer)))
    run = { deliveries, connection, recorder in
      let (pipeline, suspects) = parts.value
      let standings = try suspects.standings(of: deliveries, on: connection)
      for portion in Portion.split(deliveries, standings, limit: 500) {
        if portion.areRedelivered {
          try suspects.process(portion, on: connection, broker: recorder)
        } else {
          try pipeline.process(Array(portion.deliveries), on: connection, broker: recorder)
        }
      }
    }
    try await connect()
  }

  /// The server's process that serves this worker.
  public var backend: Int64 { pid.withLock { $0 } }

  /// How often the broker was served while something was in the way.
  public func served() async throws -> Int { try await lane.run { self.recorder.served } }

  /// Connects afresh.
  public func connect() async throws {
    try await lane.run {
      self.connection?.close()
      let connection = try Postgres.Connection(self.options)
      let backend = try connection.query(.once("select pg_backend_pid()::int8")).int(0, 0)
      self.pid.withLock { $0 = backend }
      self.connection = connection
    }
  }

  /// Hands a batch over and waits until all of it is settled.
  ///
  /// - Throws: What made the pipeline pause.
  @discardableResult
  public func take(_ letters: [Letter]) async throws -> Taken {
    try await lane.run {
      guard let connection = self.connection else { throw NotConnected() }
      let deliveries = self.recorder.deliver(letters)
      do {
        try self.run(deliveries, connection, self.recorder)
      } catch {
        self.recorder.failed()
        throw error
      }
      return try self.recorder.finish()
    }
  }

  /// Hands one message over.
  @discardableResult
  public func take(_ letter: Letter) async throws -> Taken { try await take([letter]) }

  /// What was acknowledged since the last time a batch was settled as a whole: after a failure.
  public func acknowledgedBeforeFailure() async throws -> Int { try await lane.run { self.recorder.lastFailure } }

  /// Runs blocking code with the worker's connection.
  public func with<Success: Sendable>(
    _ body: @escaping @Sendable (Postgres.Connection) throws -> Success
  ) async throws -> Success {
    try await lane.run {
      guard let connection = self.connection else { throw NotConnected() }
      return try body(connection)
    }
  }

  func stop() async {
    try? await lane.run { self.connection?.close() }
    lane.stop()
  }

  struct NotConnected: Error {}
}

/// What became of a batch.
public struct Taken: Sendable {
  /// One per message, in arrival order.
  public var entries: [BatchReport.Entry] = []
  /// One per transaction.
  public var reports: [BatchReport] = []
  /// How many transactions were rolled back and run again.
  public var repeated = 0
  /// The sizes of the batches that were halved.
  public var halved: [Int] = []
  /// Messages that went to the broker's dead-letter exchange.
  public var rejected = 0

  /// How each message ended.
  public var outcomes: [Outcome] { entries.map(\.outcome) }
  /// How the only message ended.
  public var outcome: Outcome? { entries.count == 1 ? entries[0].outcome : nil }
  /// How many messages ended like this.
  public func count(_ outcome: Outcome) -> Int { entries.filter { $0.outcome == outcome }.count }
}

/// The broker's side: hands out delivery tags, and checks what is acknowledged.
final class Recorder: Broker, PipelineObserver {
  private var nextTag: UInt64 = 1
  private var open: ClosedRange<UInt64>?
  private var settledThrough: UInt64 = 0
  private var taken = Taken()
  private(set) var lastFailure = 0
  /// How often heartbeats could have been served.
  private(set) var served = 0

  func deliver(_ letters: [Letter]) -> [Delivery] {
    taken = Taken()
    let first = nextTag
    let deliveries = letters.map { letter in
      defer { nextTag += 1 }
      return letter.delivery(tag: nextTag)
    }
    open = letters.isEmpty ? nil : first...(nextTag - 1)
    settledThrough = first - 1
    return deliveries
  }

  func failed() { lastFailure = open.map { Int(settledThrough + 1 - $0.lowerBound) } ?? 0 }

  /// Everything in must have come out, and been acknowledged.
  func finish() throws -> Taken {
    guard let open else { return taken }
    guard settledThrough == open.upperBound else {
      throw BrokenPromise("deliveries \(open) are settled through \(settledThrough) only")
    }
    guard taken.entries.count + taken.rejected == open.count else {
      throw BrokenPromise("\(open.count) deliveries, \(taken.entries.count) outcomes, \(taken.rejected) rejected")
    }
    return taken
  }

  // MARK: Broker

  func acknowledge(through tag: UInt64) throws {
    guard let open, open.contains(tag), tag > settledThrough else {
      throw BrokenPromise("delivery \(tag) is acknowledged, settled through \(settledThrough)")
    }
    guard taken.entries.count + taken.rejected > Int(tag - open.lowerBound) else {
      throw BrokenPromise("delivery \(tag) is acknowledged, and nobody was told how it ended")
    }
    settledThrough = tag
  }

  func reject(_ tag: UInt64) throws {
    guard tag == settledThrough + 1 else { throw BrokenPromise("delivery \(tag) is rejected out of turn") }
    settledThrough = tag
  }

  func serve() throws { served += 1 }

  // MARK: PipelineObserver

  func settled(_ report: BatchReport) {
    taken.entries += report.entries
    taken.reports.append(report)
  }
  func repeated(after error: any Error) { taken.repeated += 1 }
  func halved(_ size: Int, because reason: String) { taken.halved.append(size) }
  func rejected(_ delivery: Delivery, because reason: String) { taken.rejected += 1 }
}

/// The pipeline broke a promise to the broker.
public struct BrokenPromise: Error, CustomStringConvertible {
  /// Which.
  public let description: String
  init(_ description: String) { self.description = description }
}
