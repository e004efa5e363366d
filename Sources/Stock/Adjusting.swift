import Contracts
import Postgres

// Stock that turns out to be other than the books say. What is there is the truth: promises that it cannot keep are
// bumped in the same transaction, and what cannot be at all the caller has refused before.

extension WorkingSet {
  /// The stock of a balance is what was counted, damaged and held units included.
  ///
  /// - Parameters:
  ///   - target: Units that are there, at least 0.
  ///   - balance: Where.
  ///   - cause: Its time is that of the count, so that a later count can tell what moved after it.
  /// - Returns: Who lost a promise.
  public func count(_ target: Int64, at balance: Balance, _ cause: Cause) -> [OrderNews] {
    let change = target - balance.onHand
    var short = balance.onHand - balance.available - target
    let news = short > 0 ? bump(min(short, balance.reserved), from: balance, because: "counted", cause) : []
    // What is missing beyond all promises can only be missing among the damaged and the held units.
    short = balance.reserved > 0 ? 0 : balance.onHand - balance.available - target
    let lostDamaged = min(max(0, short), balance.damaged)
    let lostHeld = max(0, short) - lostDamaged
    if lostDamaged > 0 { book(-lostDamaged, to: .damaged, of: balance, because: .count, cause) }
    if lostHeld > 0 { book(-lostHeld, to: .qualityControl, of: balance, because: .count, cause) }
    if change != 0 { book(change, to: .onHand, of: balance, because: .count, cause) }
    return news
  }

  /// Usable units are damaged: still there, not for sale.
  public func damage(_ quantity: Int64, at balance: Balance, _ cause: Cause) -> [OrderNews] {
    let news = makeRoom(quantity, at: balance, because: "damaged", cause)
    book(quantity, to: .damaged, of: balance, because: .damage, cause)
    return news
  }

  /// Damaged units are usable again.
  public func repair(_ quantity: Int64, at balance: Balance, _ cause: Cause) {
    book(-quantity, to: .damaged, of: balance, because: .damage, cause)
  }

  /// Usable units are gone.
  public func writeOff(_ quantity: Int64, at balance: Balance, _ cause: Cause) -> [OrderNews] {
    let news = makeRoom(quantity, at: balance, because: "written_off", cause)
    book(-quantity, to: .onHand, of: balance, because: .count, cause)
    return news
  }

  /// Damaged units were thrown away.
  public func scrap(_ quantity: Int64, at balance: Balance, _ cause: Cause) {
    book(-quantity, to: .damaged, of: balance, because: .damage, cause)
    book(-quantity, to: .onHand, of: balance, because: .damage, cause)
  }

  /// Usable units are there that the books did not know.
  public func find(_ quantity: Int64, at balance: Balance, _ cause: Cause) {
    book(quantity, to: .onHand, of: balance, because: .count, cause)
  }

  /// Usable units wait for a decision about their quality.
  public func hold(_ quantity: Int64, at balance: Balance, _ cause: Cause) -> [OrderNews] {
    let news = makeRoom(quantity, at: balance, because: "held", cause)
    book(quantity, to: .qualityControl, of: balance, because: .qcHold, cause)
    return news
  }

  /// Held units can be sold, or are thrown away.
  public func release(_ quantity: Int64, to verdict: QualityVerdict, at balance: Balance, _ cause: Cause) {
    book(-quantity, to: .qualityControl, of: balance, because: .qcRelease, cause)
    if verdict == .scrap { book(-quantity, to: .onHand, of: balance, because: .qcRelease, cause) }
  }

  /// Units left for another location: they lie in transit now. Both legs at once.
  public func dispatch(
    _ quantity: Int64, from: Balance, toTransit transit: Balance, _ cause: Cause
  ) -> [OrderNews] {
    let news = makeRoom(quantity, at: from, because: "transferred", cause)
    move(quantity, from: from, to: transit, cause)
    return news
  }

  /// Units arrived from transit, and others of them will not: what is lost leaves the books as a count would take it.
  ///
  /// - Parameter lost: Negative: units that were given up as lost are there after all.
  public func arrive(
    _ quantity: Int64, lost: Int64, fromTransit transit: Balance, at balance: Balance, _ cause: Cause
  ) {
    if lost < 0 { book(-lost, to: .onHand, of: transit, because: .count, cause) }
    if quantity > 0 { move(quantity, from: transit, to: balance, cause) }
    if lost > 0 { book(-lost, to: .onHand, of: transit, because: .count, cause) }
  }

  /// Bumps as many promises as it takes to have so many units available.
  func makeRoom(_ quantity: Int64, at balance: Balance, because reason: String, _ cause: Cause) -> [OrderNews] {
    let missing = quantity - balance.available
    return missing > 0 ? bump(min(missing, balance.reserved), from: balance, because: reason, cause) : []
  }
}

// MARK: What moved since

extension WorkingSet {
  /// A balance, and the moment at which it was counted.
  struct Moment: Hashable {
    let balanceID: Int64
    let since: Timestamp
  }

  /// Reads what has moved on hand since these moments, by the ledger and its publishers' clocks.
  ///
  /// - Parameter counts: Balances that are locked, and when they were counted.
  /// - Throws: ``PostgresError``.
  public func loadMovements(_ counts: [(balance: Balance, since: Timestamp)], on database: Connection) throws {
    guard !counts.isEmpty else { return }
    let rows = try database.query(
      AdjustingStatements.movements,
      [
        .ints(counts.map(\.balance.id)), .ints(counts.map(\.balance.seq)),
        .timestamps(counts.map(\.since.microseconds)),
      ])
    for (row, count) in counts.enumerated() {
      movements[Moment(balanceID: count.balance.id, since: count.since)] = rows.int(row, 0)
    }
  }

  /// Units that came to a balance (negative: left it) after a moment, this transaction's included.
  public func movement(at balance: Balance, since: Timestamp) -> Int64 {
    ledger.reduce(movements[Moment(balanceID: balance.id, since: since)] ?? 0) { sum, entry in
      let counts = entry.balanceID == balance.id && entry.bucket == .onHand && entry.cause.occurredAt > since
      return counts ? sum + entry.delta : sum
    }
  }
}

/// The SQL of counts.
enum AdjustingStatements {
  /// A publisher's clock is at most a day ahead of ours: no entry that occurred later was recorded before that.
  static let movements = Statement(
    name: "movements_since",
    sql: """
      select (select coalesce(sum(l.delta), 0)::int8 from stock_ledger l
              where l.balance_id = k.balance_id
                and l.seq > ledger_seq_at(k.balance_id, k.last_seq, k.since - interval '1 day')
                and l.bucket = 'on_hand' and l.occurred_at > k.since
                and l.recorded_at > k.since - interval '1 day')
      from unnest($1::int8[], $2::int8[], $3::timestamptz[]) with ordinality as k (balance_id, last_seq, since, place)
      order by k.place
      """)
}
