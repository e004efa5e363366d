extension LocationPolicy {
  /// The location with the most allocatable stock first; ties by the higher priority, then by id. Splits a quantity
  /// over as many locations as it needs.
  public static let mostStock = LocationPolicy(
    .mostStock,
    rule: "the location with the most promisable stock first; ties by the location's priority, the highest first, "
      + "then by id; as many locations as it needs"
  ) { candidates, _ in candidates.sort { $0.hasMore(than: $1) } }
}
