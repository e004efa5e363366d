import AMQP
import Outbox

/// The rows of one round: which may be published now, which wait for an earlier one of their aggregate. No I/O.
struct Round {
  /// What became of the rows so far.
  private(set) var report = RelayReport()
  /// Rows that were taken and not published: to be taken again.
  private(set) var left: [WaitingRow] = []

  /// Later rows of aggregates that have one ready or in flight, newest first.
  private var chains: [Int64: [WaitingRow]] = [:]
  private var ready: [WaitingRow] = []
  private var readyIndex = 0
  private var inFlight: [UInt64: WaitingRow] = [:]
  private var chaining = true
  private var blocked = false

  /// - Parameters:
  ///   - rows: In id order.
  ///   - isHeld: Whether an aggregate has to wait; asked about the first of its rows.
  init(_ rows: [WaitingRow], isHeld: (WaitingRow) -> Bool) {
    report.taken = rows.count
    ready.reserveCapacity(rows.count)
    var isWaiting: [Int64: Bool] = [:]
    for row in rows {
      guard let waits = isWaiting[row.aggregate] else {
        let waits = isHeld(row)
        isWaiting[row.aggregate] = waits
        if waits { report.held += 1 } else { ready.append(row) }
        continue
      }
      if waits { report.held += 1 } else { chains[row.aggregate, default: []].append(row) }
    }
    for aggregate in chains.keys { chains[aggregate]?.reverse() }
  }

  /// Whether there are rows behind those taken.
  var mayBeMore: Bool {
    get { report.mayBeMore }
    set { report.mayBeMore = newValue }
  }

  var hasNext: Bool { !blocked && readyIndex < ready.count }

  /// The next row whose aggregate has nothing in flight.
  mutating func next() -> WaitingRow? {
    guard hasNext else { return nil }
    defer { readyIndex += 1 }
    return ready[readyIndex]
  }

  mutating func published(_ row: WaitingRow, as sequence: UInt64) { inFlight[sequence] = row }

  /// The broker takes nothing more: this row and all behind it stay.
  mutating func block(_ row: WaitingRow) {
    blocked = true
    left.append(row)
    left += ready[readyIndex...]
    stopChains()
  }

  /// A row that cannot be published: those of its aggregate behind it wait.
  mutating func refused(_ row: WaitingRow, because why: String) {
    report.fail(row, why)
    report.held += chains.removeValue(forKey: row.aggregate)?.count ?? 0
  }

  /// Settles a published row; its aggregate's next one becomes ready, unless it failed.
  mutating func settled(_ settlement: Settlement) -> WaitingRow? {
    guard let row = inFlight.removeValue(forKey: settlement.sequence) else { return nil }
    switch settlement.outcome {
    case .confirmed:
      report.published += 1
      guard let next = chains[row.aggregate]?.popLast() else { break }
      if chaining, !blocked { ready.append(next) } else { left.append(next) }
    case .nacked:
      report.nacked += 1
      report.fail(row, "refused by the broker")
    case .returned(let code, let text): report.fail(row, "returned: \(code) \(text)")
    }
    if case .confirmed = settlement.outcome { return row }
    report.held += chains.removeValue(forKey: row.aggregate)?.count ?? 0
    return row
  }

  /// Leaves the later rows of all aggregates to the next round.
  mutating func stopChains() {
    chaining = false
    for rows in chains.values { left += rows }
    chains.removeAll()
  }
}

/// What a round did.
public struct RelayReport: Sendable {
  /// Rows taken from the outbox.
  public var taken = 0
  /// Confirmed and settled.
  public var published = 0
  /// Not published, because an earlier one of their aggregate failed.
  public var held = 0
  /// Whether there are more rows behind those taken.
  public internal(set) var mayBeMore = false
  /// What could not be published, with its key and why; at most 20 are kept.
  public private(set) var failures: [(routingKey: String, messageID: String, why: String)] = []
  /// How many the broker refused.
  public internal(set) var nacked = 0
  /// How many could not be published, those that the broker refused among them.
  public private(set) var failed = 0

  /// Whether nothing is left that could be published now, so that the relay may sleep.
  public var isIdle: Bool { published == 0 && !mayBeMore }

  mutating func fail(_ row: WaitingRow, _ why: String) {
    failed += 1
    if failures.count < 20 { failures.append((row.routingKey, row.messageID, why)) }
  }
}
