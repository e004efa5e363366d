import Contracts
import Postgres
import Stock

// Which location policy an order has, and what it sees.

extension AllocationDecisions {
  /// The locations of a SKU as an order's policy ranks them.
  struct Choice {
    let policy: LocationPolicy
    let ranked: [LocationPolicy.Candidate]

    /// What was seen, for the record.
    var seen: String { policy.describe(ranked) }
  }

  /// The SKU's locations as the order's policy ranks them for so many units.
  ///
  /// - Parameter avoided: Locations that give only what no other has.
  func choice(
    for units: Int64, of item: StockItem, _ order: Order, avoiding avoided: Set<LocationID> = []
  ) -> Choice {
    let policy = LocationPolicy.named(state.locationPolicy(of: order.terms))
    let destination = policy.name == .nearest ? order.terms.destination : nil
    let candidates = item.balances.map { balance in
      LocationPolicy.Candidate(
        location: balance.location, allocatable: balance.allocatable, priority: balance.priority,
        distance: destination.flatMap { state.coordinates[balance.location]?.metres(to: $0) })
    }
    if avoided.isEmpty { return Choice(policy: policy, ranked: policy.rank(candidates, for: units)) }
    return Choice(
      policy: policy,
      ranked: policy.rank(candidates.filter { !avoided.contains($0.location) }, for: units)
        + policy.rank(candidates.filter { avoided.contains($0.location) }, for: units))
  }

  /// What an order sees of a SKU before it takes anything.
  func sight(of item: StockItem, for units: Int64, _ order: Order) -> Decision.Sight {
    let choice = choice(for: units, of: item, order)
    return Decision.Sight(
      promisable: item.availableToPromise, owed: item.owed, locationPolicy: choice.policy.name.rawValue,
      candidates: choice.seen)
  }

  /// Promises units of a line that were found promisable, where the order's policy says.
  ///
  /// - Parameter avoided: Locations that give only what no other has.
  /// - Returns: How many there were.
  func reserve(
    _ quantity: Int64, for line: OrderLine, _ item: StockItem, _ order: Order,
    avoiding avoided: Set<LocationID> = [], _ cause: Cause
  ) -> Int64 {
    guard quantity > 0 else { return 0 }
    let choice = choice(for: quantity, of: item, order, avoiding: avoided)
    let (policy, seen) = (choice.policy.name.rawValue, choice.seen)
    var reserved: Int64 = 0
    choice.policy.divide(quantity, over: choice.ranked) { location, units in
      guard let balance = item.balance(at: location) else { return }
      stock.reserve(units, for: line, at: balance, policy: policy, candidates: seen, cause)
      reserved += units
    }
    return reserved
  }
}

extension AllocationState {
  private static let places = Statement(
    name: "location_places",
    sql: """
      select location_id, lat::text, lng::text from locations
      where location_id = any($1::text[]) and lat is not null
      """)

  /// The policy of an order: its own, or the worker's default.
  func locationPolicy(of terms: OrderTerms) -> LocationPolicyName { terms.locationPolicy ?? defaultLocationPolicy }

  /// Whether an order with these terms wants to know where locations are.
  func needsPlaces(_ terms: OrderTerms) -> Bool { terms.destination != nil && locationPolicy(of: terms) == .nearest }

  /// Reads where locations are, if some order of the batch wants to know; otherwise nothing is asked of the database.
  func loadPlaces(on database: Connection) throws {
    guard needsPlaces || stock.orders.values.contains(where: { needsPlaces($0.terms) }) else { return }
    let locations = Set(stock.items.values.flatMap { $0.balances.map(\.location.value) })
    guard !locations.isEmpty else { return }
    let rows = try database.query(Self.places, [.texts(locations.sorted())])
    for row in 0..<rows.count { coordinates[LocationID(trusted: rows.text(row, 0))] = rows.coordinates(row, 1, 2) }
  }
}
