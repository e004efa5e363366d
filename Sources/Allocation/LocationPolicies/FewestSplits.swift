extension LocationPolicy {
  /// As few locations as possible for each line. While no location has all that is still wanted, the one with the most
  /// stock; then, of those that have it all, the one with the least, so that large stocks stay whole. Ties by the
  /// higher priority, then by id.
  ///
  /// No choice has fewer: so many of the largest stocks as this one takes, less one, were not enough.
  public static let fewestSplits = LocationPolicy(
    .fewestSplits,
    rule: "as few locations as possible for each line: the one with the most stock while none has all that is wanted, "
      + "then of those that have it the one with the least; ties by the location's priority, the highest first, then "
      + "by id"
  ) { candidates, units in
    var rest = candidates.sorted { $0.hasMore(than: $1) }
    var ranked: [Candidate] = []
    var wanted = units
    while let most = rest.first, wanted > 0 {
      var chosen = 0
      if most.allocatable >= wanted {
        let least = rest.last { $0.allocatable >= wanted }?.allocatable
        chosen = rest.firstIndex { $0.allocatable == least } ?? 0
      }
      wanted -= rest[chosen].allocatable
      ranked.append(rest.remove(at: chosen))
    }
    candidates = ranked + rest
  }
}
