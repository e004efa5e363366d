import Contracts
import Postgres

/// The database's clock as a lane knows it without asking: its last reading, and the time that has passed since.
///
/// It tells what has to be known before a transaction takes its locks. The worker's own clock has no part in it: one
/// that is wrong must not bury what is in time.
struct LaneClock {
  /// For so long a reading stands for the clock. What both may drift apart meanwhile is nothing beside a day.
  static let trust: Duration = .seconds(60)

  private var reading: (time: Timestamp, instant: ContinuousClock.Instant)?

  /// Takes the answer of a transaction that has asked for reasons of its own.
  mutating func set(_ time: Timestamp, at instant: ContinuousClock.Instant = .now) { reading = (time, instant) }

  /// What the database's clock shows by now, or nil where that has to be asked.
  func time(at instant: ContinuousClock.Instant = .now) -> Timestamp? {
    guard let reading else { return nil }
    let passed = instant - reading.instant
    return passed >= .zero && passed <= LaneClock.trust ? reading.time + passed : nil
  }

  /// What the database's clock shows by now; asks where the last answer is too old.
  mutating func read(on database: Connection) throws -> Timestamp {
    if let time = time() { return time }
    let time = try DatabaseClock.read(on: database)
    set(time)
    return time
  }
}
