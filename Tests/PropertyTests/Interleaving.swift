import PipelineKit
import TestServers

/// Steps two lanes through their transactions in a given order, on the real database.
///
/// After each step it waits until both lanes stand: at the beginning of a step, behind a lock of the other, or at the
/// end. Who stands behind a lock cannot be chosen, and goes on by itself when the lock is given free.
struct Interleaving {
  let lanes: [SteppedLane]
  let house: House
  /// Holds the advisory locks before COMMIT.
  let keeper: Desk
  let keeperID: Int64

  /// Where a lane stands.
  private enum Standing: Equatable {
    case before(TransactionStep)
    case behind(lane: Int)
    case finished
  }

  init(_ lanes: [SteppedLane], in house: House) async throws {
    self.lanes = lanes
    self.house = house
    keeper = try await house.desk()
    keeperID = try await keeper.with { try $0.query(.once("select pg_backend_pid()::int8")).int(0, 0) }
  }

  /// Runs the batches, one of each lane, to their ends.
  ///
  /// - Returns: The steps in the order in which they were taken, such as `1 prepare`.
  func run(_ batches: [[Letter]], _ choices: inout Choices) async throws -> [String] {
    for (lane, batch) in zip(lanes, batches) { lane.start(batch) }
    var story: [String] = []
    while true {
      let standings = try await settled(after: story)
      var options: [(lane: Int, step: TransactionStep)] = []
      for (index, standing) in standings.enumerated() {
        if case .before(let step) = standing { options.append((index, step)) }
      }
      if options.isEmpty { break }
      let next = options[choices.choose(among: options.count)]
      story.append("\(next.lane + 1) \(next.step.rawValue)")
      try await take(next.step, of: lanes[next.lane])
    }
    return story
  }

  private func take(_ step: TransactionStep, of lane: SteppedLane) async throws {
    let lock = lane.stall
    switch step {
    case .commit:
      try await keeper.with { _ = try $0.query(.once("select pg_advisory_unlock(\(lock))")) }
    case .write:
      try await keeper.with { _ = try $0.query(.once("select pg_advisory_lock(\(lock))")) }
      lane.gate.open()
    case .prepare, .lock, .decide: lane.gate.open()
    }
  }

  // MARK: Until both stand

  private func settled(after story: [String]) async throws -> [Standing] {
    let clock = ContinuousClock()
    let end = clock.now + patience
    var last: [Standing?] = []
    while clock.now < end {
      let now = try await standings()
      // Twice the same: what one lane is seen to wait for, the other does not give free meanwhile.
      if now == last, !now.contains(nil) {
        let stand = now.compactMap(\.self)
        if stand == [.behind(lane: 1), .behind(lane: 0)] { throw Deadlock(description: "\(story)") }
        return stand
      }
      last = now
    }
    throw Stuck(description: "the lanes never stood after \(story)")
  }

  private func standings() async throws -> [Standing?] {
    let rows = try await house.rows(
      "select "
        + lanes.map { "array_to_string(pg_blocking_pids(\($0.worker.backend)), ' ')" }.enumerated()
        .map { "\($0.element) as lane_\($0.offset)" }.joined(separator: ", "))
    let blockers = (rows.first ?? "").split(separator: "|", omittingEmptySubsequences: false)
    return lanes.indices.map { index in
      if lanes[index].isFinished { return .finished }
      if let step = lanes[index].gate.step { return .before(step) }
      let pids = Set((index < blockers.count ? blockers[index] : "").split(separator: " ").compactMap { Int64($0) })
      if pids.contains(keeperID) { return .before(.commit) }
      return lanes.indices.first { pids.contains(lanes[$0].worker.backend) }.map { .behind(lane: $0) }
    }
  }

  struct Stuck: Error, CustomStringConvertible {
    let description: String
  }

  struct Deadlock: Error, CustomStringConvertible {
    let description: String
  }
}

/// Which way is taken where there are several: every way, one run after the other.
struct Choices {
  private var planned: [Int] = []
  private var taken: [(choice: Int, of: Int)] = []

  mutating func choose(among count: Int) -> Int {
    let choice = taken.count < planned.count ? planned[taken.count] : 0
    taken.append((choice, count))
    return choice
  }

  /// Plans the next way.
  ///
  /// - Returns: False when every way was gone.
  mutating func advance() -> Bool {
    while let last = taken.popLast() {
      if last.choice + 1 < last.of {
        planned = taken.map(\.choice) + [last.choice + 1]
        taken = []
        return true
      }
    }
    return false
  }
}
