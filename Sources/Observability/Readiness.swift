import Synchronization

/// Whether this process can do its work (ready), and whether it still moves (live).
///
/// Ready means: every condition that was expected is ok. A condition is not ok until somebody says so. Live means:
/// every lane that was announced has shown a sign of life within the allowed silence; a lane that waits for a database
/// to come back does so, and stays live.
public final class Readiness: Sendable {
  /// Something that must hold before work can be done, such as `database/inventory-1`.
  public struct Condition: Hashable, Sendable, CustomStringConvertible {
    /// Its name on the health page and in logs.
    public let description: String

    /// - Parameters:
    ///   - name: What must hold.
    ///   - lane: The lane for which it must hold, nil for the whole process.
    public init(_ name: String, lane: String? = nil) { description = lane.map { "\(name)/\($0)" } ?? name }

    /// The database answers.
    public static let database = Condition("database")
    /// The broker answers.
    public static let broker = Condition("broker")
    /// The schema is at least what this executable needs.
    public static let schema = Condition("schema")
    /// Partitions for the coming days exist.
    public static let partitions = Condition("partitions")
    /// The relay owns its shards or stands by for them.
    public static let relay = Condition("relay")
    /// A lane's connection to the database.
    public static func database(lane: String) -> Condition { Condition("database", lane: lane) }
    /// A lane's consumer is alive on the broker.
    public static func consumer(lane: String) -> Condition { Condition("consumer", lane: lane) }
    /// What a lane asked a server is answered soon; only reported while it is not.
    public static func answers(lane: String) -> Condition { Condition("answers", lane: lane) }
  }

  /// How a condition stands.
  public enum Status: Equatable, Sendable {
    /// It holds.
    case ok
    /// It does not, and why.
    case failing(String)
  }

  private struct Entry {
    var status: Status
    /// When it last began or ceased to hold; microseconds since 1970.
    var since: Int64
  }

  private struct State {
    var conditions: [Condition: Entry] = [:]
    var beats: [String: ContinuousClock.Instant] = [:]
    /// How long an answer may take, for lanes that depend on answers.
    var patience: [String: Duration] = [:]
    var stopping = false
  }

  private let state = Mutex(State())
  private let allowedSilence: Duration
  private let time: @Sendable () -> ContinuousClock.Instant
  private let wallTime: @Sendable () -> Int64

  /// - Parameters:
  ///   - conditions: What must hold before the process is ready; more may be added by reporting them.
  ///   - allowedSilence: How long a lane may go without a sign of life.
  public convenience init(expecting conditions: [Condition], allowedSilence: Duration) {
    self.init(
      expecting: conditions, allowedSilence: allowedSilence, time: { ContinuousClock.now }, wallTime: WallClock.now)
  }

  init(
    expecting conditions: [Condition], allowedSilence: Duration,
    time: @escaping @Sendable () -> ContinuousClock.Instant, wallTime: @escaping @Sendable () -> Int64
  ) {
    self.allowedSilence = allowedSilence
    self.time = time
    self.wallTime = wallTime
    for condition in conditions { fail(condition, because: "not checked yet") }
  }

  // MARK: Ready

  /// Says that a condition holds.
  public func ok(_ condition: Condition) { set(condition, .ok) }

  /// Says that a condition does not hold.
  ///
  /// - Parameters:
  ///   - condition: Which.
  ///   - reason: For an operator; never a secret.
  public func fail(_ condition: Condition, because reason: String) { set(condition, .failing(reason)) }

  /// No longer expects a condition.
  public func withdraw(_ condition: Condition) { state.withLock { $0.conditions[condition] = nil } }

  /// Says that the process is about to end: not ready from now on, whatever is reported, so that no new work is sent
  /// here.
  public func beginStopping() { state.withLock { $0.stopping = true } }

  /// Whether every condition holds. A process that expects nothing knows nothing, and is not ready.
  public var isReady: Bool {
    let (conditions, stopping) = now
    return !stopping && !conditions.isEmpty && conditions.values.allSatisfy { $0.status == .ok }
  }

  /// Every condition as it stands now, among them those of lanes that wait for an answer, and whether the end is near.
  private var now: (conditions: [Condition: Entry], stopping: Bool) {
    let (time, wallTime) = (time(), wallTime())
    return state.withLock { state in
      var conditions = state.conditions
      for (lane, patience) in state.patience {
        guard let silence = state.beats[lane]?.duration(to: time), silence > patience else { continue }
        let seconds = silence.components.seconds
        conditions[.answers(lane: lane)] = Entry(
          status: .failing("no answer from the database or the broker for \(seconds) s"),
          since: wallTime - seconds * 1_000_000)
      }
      return (conditions, state.stopping)
    }
  }

  /// Says that a lane shows signs of life unless it waits for a server's answer: while one takes longer than this, the
  /// process is not ready.
  public func expectAnswers(lane: String, within patience: Duration) {
    state.withLock { $0.patience[lane] = patience }
  }

  /// How a condition stands, nil if it is not expected.
  public func status(of condition: Condition) -> Status? { state.withLock { $0.conditions[condition]?.status } }

  private func set(_ condition: Condition, _ status: Status) {
    let now = wallTime()
    state.withLock {
      let before = $0.conditions[condition]
      let unchanged = before.map { ($0.status == .ok) == (status == .ok) } ?? false
      $0.conditions[condition] = Entry(status: status, since: unchanged ? before?.since ?? now : now)
    }
  }

  // MARK: Live

  /// A lane's sign of life; the first one announces the lane.
  public func beat(lane: String) {
    let now = time()
    state.withLock { $0.beats[lane] = now }
  }

  /// A lane has ended as it should and will show no more signs of life.
  public func retire(lane: String) { state.withLock { $0.beats[lane] = nil } }

  /// Whether every lane has shown a sign of life in time.
  public var isLive: Bool { silentLanes.isEmpty }

  /// Lanes that were silent for too long, sorted by name, and for how long.
  public var silentLanes: [(lane: String, silence: Duration)] {
    let now = time()
    return state.withLock { $0.beats }
      .map { (lane: $0.key, silence: $0.value.duration(to: now)) }
      .filter { $0.silence > allowedSilence }
      .sorted { $0.lane < $1.lane }
  }

  // MARK: Pages

  /// Whether the process is ready, and how each condition stands since when, as JSON; both taken at one moment.
  public var readyPage: (isReady: Bool, json: String) {
    let (conditions, stopping) = now
    let isReady = !stopping && !conditions.isEmpty && conditions.values.allSatisfy { $0.status == .ok }
    var json = JSONText()
    json.beginObject()
    json.field("ready", isReady)
    if stopping { json.field("reason", "stopping") }
    json.key("conditions")
    json.beginArray()
    for (condition, entry) in conditions.sorted(by: { $0.key.description < $1.key.description }) {
      json.beginObject()
      json.field("name", condition.description)
      json.field("ok", entry.status == .ok)
      if case .failing(let reason) = entry.status { json.field("reason", reason) }
      json.field("since", WallClock.rfc3339(entry.since))
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return (isReady, json.output)
  }

  /// Whether the process is live, and which lanes are silent for how many whole seconds, as JSON.
  public var livePage: (isLive: Bool, json: String) {
    let silent = silentLanes
    var json = JSONText()
    json.beginObject()
    json.field("live", silent.isEmpty)
    json.key("silent_lanes")
    json.beginArray()
    for (lane, silence) in silent {
      json.beginObject()
      json.field("lane", lane)
      json.key("seconds")
      json.value(silence.components.seconds)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return (silent.isEmpty, json.output)
  }
}
