extension LocationPolicy {
  /// The location nearest to the order's destination first, by great circle; those of which nobody has said where they
  /// are come last. Ties, and all locations of an order without a destination, as `most_stock`.
  ///
  /// Distances are compared in whole metres, so that two machines' arithmetic does not lead to two answers.
  public static let nearest = LocationPolicy(
    .nearest,
    rule: "the location nearest to the order's destination first, by great circle; those without coordinates last; "
      + "ties, and orders without a destination, as most_stock",
    measure: \.distance
  ) { candidates, _ in
    candidates.sort { one, other in
      let (near, far) = (one.distance ?? .max, other.distance ?? .max)
      return near == far ? one.hasMore(than: other) : near < far
    }
  }
}
