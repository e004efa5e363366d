import Contracts
import Messaging
import Postgres
import Stock

/// The documents of a warehouse that say what became of stock, as far as a batch speaks of them: looked up by their
/// ids under the locks, because a repetition must be found before its content is judged.
struct Papers {
  /// Documents of one kind.
  struct File<ID: Identifier, Paper, Record> {
    /// What the batch speaks of.
    var wanted: Set<ID> = []
    /// What was booked before, here or in this batch.
    var known: [ID: Paper] = [:]
    /// What this batch books.
    var new: [Record] = []
  }

  var counts = File<CountID, StockCounted, CountRecord>()
  var adjustments = File<AdjustmentID, StockAdjustmentRequested, AdjustmentRecord>()
  var holds = File<HoldID, Hold, Hold>()
  var releases = File<ReleaseID, QualityReleased, ReleaseRecord>()
  /// When a place was last counted, by an absolute count: an older count says nothing any more.
  var newestCounts: [WorkingSet.Place: LastCount] = [:]
  /// Units of open holds, where units are released without naming one.
  var held: [WorkingSet.Place: Int64] = [:]
  var heldSKUs: Set<SKU> = []
  /// Holds of which units were released or given up here.
  var changedHolds: Set<HoldID> = []
  /// The open holds of counted places, the oldest first: a count may take what they hold.
  var openHolds: [WorkingSet.Place: [HoldID]] = [:]

  /// Where the batch's documents say that something happened.
  private(set) var places: Set<WorkingSet.Place> = []
  /// Where it was counted, in full or by difference.
  private(set) var countedPlaces: Set<WorkingSet.Place> = []
  private var demand = PromiseDemand()

  /// Which rows a message touches.
  mutating func prepare(_ event: Event) {
    switch event {
    case .stockCounted(let count):
      counts.wanted.insert(count.countID)
      places.insert(count.place)
      countedPlaces.insert(count.place)
      demand.add(count)
    case .stockAdjustmentRequested(let request):
      adjustments.wanted.insert(request.adjustmentID)
      places.insert(request.place)
      demand.add(request)
    case .qualityHeld(let hold):
      holds.wanted.insert(hold.holdID)
      places.insert(hold.place)
      demand.take(hold.quantity, from: hold.place)
    case .qualityReleased(let release):
      releases.wanted.insert(release.releaseID)
      places.insert(release.place)
      if let hold = release.holdID { holds.wanted.insert(hold) } else { heldSKUs.insert(release.sku) }
    case .stockMoveRequested(let move):
      demand.leave(move.quantity, from: WorkingSet.Place(move.sku, move.fromLocationID, lot: move.lot))
    case .transferDispatched(let transfer):
      for line in transfer.lines {
        demand.take(line.quantity, from: transfer.place(line, at: transfer.fromLocationID))
      }
    default: break
    }
  }

  /// Loads what counts have to know, and the orders whose promises may have to be bumped.
  ///
  /// Called when everything is locked.
  mutating func load(into stock: WorkingSet, on database: Connection) throws {
    try loadOpenHolds(of: countedPlaces.filter { (stock.balance(at: $0)?.qualityControl ?? 0) > 0 }, on: database)
    guard demand.isAny else { return }
    var demand = demand
    // Of those nothing is read but that they are: the movements since an old count are many.
    demand.forgetCounts(olderThan: newestCounts.mapValues(\.time))
    try stock.loadMovements(demand.moments(in: stock), on: database)
    try stock.loadBumpable(demand.bumps(in: stock), on: database)
  }

  /// A count has left so many units in quality control. What no hold has put there is missing first; of what is still
  /// missing the oldest holds lose their units, or these would be waited for, and nothing else released, for ever.
  mutating func giveUp(at place: WorkingSet.Place, beyond inQualityControl: Int64) {
    let ids = openHolds[place] ?? []
    var missing = ids.reduce(-inQualityControl) { $0 + (holds.known[$1]?.open ?? 0) }
    for id in ids where missing > 0 {
      let lost = min(missing, holds.known[id]?.open ?? 0)
      guard lost > 0 else { continue }
      holds.known[id]?.givenUp += lost
      changedHolds.insert(id)
      held[place, default: 0] -= lost
      missing -= lost
    }
  }
}

/// How many promised units a batch may need at most, by place: enough, whatever the order of its messages.
struct PromiseDemand {
  private var leaving: [WorkingSet.Place: Int64] = [:]
  private var counted: [WorkingSet.Place: [(quantity: Int64, since: Timestamp)]] = [:]
  private var bumping: Set<WorkingSet.Place> = []

  /// Whether anything may have to be bumped, or is counted.
  var isAny: Bool { !bumping.isEmpty }

  mutating func forgetCounts(olderThan newest: [WorkingSet.Place: Timestamp]) {
    for (place, time) in newest { counted[place]?.removeAll { $0.since <= time } }
  }

  mutating func add(_ count: StockCounted) {
    if let quantity = count.counted {
      counted[count.place, default: []].append((quantity, count.countedAt))
      bumping.insert(count.place)
    } else if let difference = count.difference, difference < 0 {
      take(-difference, from: count.place)
    }
  }

  mutating func add(_ request: StockAdjustmentRequested) {
    switch request.kind {
    case .damage, .writeOff: take(request.quantity, from: request.place)
    case .repair, .scrap, .found: break
    }
  }

  /// Units that are not available any more, promised or not.
  mutating func take(_ quantity: Int64, from place: WorkingSet.Place) {
    bumping.insert(place)
    leave(quantity, from: place)
  }

  /// Units that go only if nobody was promised them: they may be missing to those that follow.
  mutating func leave(_ quantity: Int64, from place: WorkingSet.Place) { leaving[place, default: 0] += quantity }

  /// The balances that are counted, and since when movements matter to that.
  func moments(in stock: WorkingSet) -> [(balance: Balance, since: Timestamp)] {
    counted.flatMap { place, counts in
      stock.balance(at: place).map { balance in counts.map { (balance, $0.since) } } ?? []
    }
  }

  /// What may have to be bumped; movements are loaded.
  func bumps(in stock: WorkingSet) -> [WorkingSet.BumpDemand] {
    bumping.sorted().compactMap { place in
      guard let balance = stock.balance(at: place), balance.reserved > 0 else { return nil }
      var level = balance.onHand
      for count in counted[place] ?? [] {
        level = min(level, count.quantity + stock.movement(at: balance, since: count.since))
      }
      let missing = leaving[place, default: 0] + balance.onHand - balance.available - level
      return WorkingSet.BumpDemand(max(0, min(missing, balance.reserved)), of: balance)
    }
  }
}

extension WorkingSet {
  /// The balance of a place, if its SKU is locked and its location is known.
  func balance(at place: Place) -> Balance? { item(place.sku)?.balance(at: place.location, lot: place.lot) }
}

extension StockCounted {
  var place: WorkingSet.Place { WorkingSet.Place(sku, locationID, lot: lot) }
}

extension StockAdjustmentRequested {
  var place: WorkingSet.Place { WorkingSet.Place(sku, locationID, lot: lot) }
}

extension QualityHeld {
  var place: WorkingSet.Place { WorkingSet.Place(sku, locationID, lot: lot) }
}

extension QualityReleased {
  var place: WorkingSet.Place { WorkingSet.Place(sku, locationID, lot: lot) }
}

/// A hold, and how much of it is decided.
struct Hold {
  let paper: QualityHeld
  var released: Int64 = 0
  /// Units that were not there any more when the place was counted.
  var givenUp: Int64 = 0
  var bumped: Int64 = 0
  /// The message that brought it; empty where it was looked up.
  var message = MessageName(source: "", id: "")

  var open: Int64 { paper.quantity - released - givenUp }
}

/// Which message a document came with: the ledger's entries name it too.
struct MessageName {
  let source: String
  let id: String
}

/// The absolute count of a place that stands.
struct LastCount {
  let id: CountID
  let counted: Int64
  let time: Timestamp

  /// Another count of the same time must say the same: nobody knows which of the two looks was the later one.
  func contradiction(with new: StockCounted) -> Reason? {
    guard new.countedAt == time, let other = new.counted, other != counted else { return nil }
    return Reason(
      .contradiction, field: "data.counted", value: "\(other)",
      rule: "must stay \(counted): count \(id) of the same counted_at was published with it before, and a later look "
        + "has a later counted_at")
  }
}

/// A count as it is remembered.
struct CountRecord {
  let paper: StockCounted
  let message: MessageName
  /// Whether the place had been counted later already.
  var isSuperseded = false
  /// What moved since it was counted.
  var movement: Int64 = 0
  var onHand: Int64 = 0
  var damaged: Int64 = 0
  var held: Int64 = 0
  var bumped: Int64 = 0
  /// The balance's last entry in the ledger then: what is booked later was told after the count.
  var seq: Int64 = 0
}

/// An adjustment as it is remembered.
struct AdjustmentRecord {
  let paper: StockAdjustmentRequested
  let message: MessageName
  let bumped: Int64
}

/// A decision about quality as it is remembered.
struct ReleaseRecord {
  let paper: QualityReleased
  let message: MessageName
}
