import Contracts
import Messaging
import Postgres
import Stock

/// Looks for lots whose time is up while some of them is there, and sends each a message through the same way as any
/// other. However many sweep, the lot's anchor lets one message report it.
public enum LotSweeper {
  /// How long ago the time of a lot was up that any sweep finds.
  public static let usual = Duration.seconds(24 * 3600)

  /// One sweep over the lots whose time was up no longer ago than ``usual``; does nothing while another worker's is
  /// running.
  ///
  /// - Parameter memory: The sweeper's.
  /// - Returns: How many lots were found.
  @discardableResult
  public static func sweep(remembering memory: SweepMemory? = nil, on database: Connection) throws -> Int {
    try Sweep.lots.run(by: .inventory, remembering: memory, on: database) {
      try WorkingSet.expiredLots(since: usual, on: database).map(Sweep.Finding.init)
    }
  }

  /// One sweep over some of the lots whose time was up longer ago: goods of one that was sold out may come back later.
  ///
  /// - Parameters:
  ///   - position: Behind which it begins; stands behind what was looked at when it returns, and at the beginning when
  ///     that was all. Stays when another worker's is running.
  ///   - limit: How many lots it looks at.
  /// - Returns: Whether there are more.
  static func sweepOld(behind position: inout LotPosition, limit: Int, on database: Connection) throws -> Bool {
    var next = position
    var hasMore = true
    _ = try Sweep.lots.run(by: .inventory, on: database) {
      let page = try WorkingSet.expiredLots(before: usual, behind: position, limit: limit, on: database)
      hasMore = page.end != nil
      next = page.end ?? .start
      return page.lots.map(Sweep.Finding.init)
    }
    position = next
    return hasMore
  }
}

/// A worker's sweeping for lots, turn by turn.
///
/// What is fresh is looked for each time and first. The old ones are ever more with the years, and nearly all of them
/// are sold out: they are looked at in portions, and what goes wrong there keeps no fresh one from being found.
public final class LotSweeps {
  private let memory = SweepMemory()
  private var position = LotPosition.start
  private var nextOld: ContinuousClock.Instant
  private let portion: Int

  private static let pause = Duration.seconds(30)
  private static let round = Duration.seconds(20 * 60)

  /// - Parameters:
  ///   - portion: How many old lots are looked at in a turn.
  ///   - now: The time.
  public init(portion: Int = 20_000, at now: ContinuousClock.Instant = .now) {
    self.portion = portion
    nextOld = now
  }

  /// One turn.
  ///
  /// - Returns: How long to wait for the next.
  public func turn(on database: Connection, at now: ContinuousClock.Instant = .now) throws -> Duration {
    try LotSweeper.sweep(remembering: memory, on: database)
    guard now >= nextOld else { return LotSweeps.pause }
    // Counted before: after a failure the next turn comes at once.
    nextOld = now + LotSweeps.pause
    if try !LotSweeper.sweepOld(behind: &position, limit: portion, on: database) { nextOld = now + LotSweeps.round }
    return LotSweeps.pause
  }
}

extension Sweep.Finding {
  fileprivate init(_ sku: SKU, _ lot: LotID) {
    self.init(sku.value, detail: lot.value, .lotsDue(LotsDue(sku: sku, lot: lot)))
  }
}
