extension LocationPolicy {
  /// The location with the highest priority first, however much lies there; ties by id. Each is emptied before the next
  /// is asked.
  public static let fixedPriority = LocationPolicy(
    .fixedPriority,
    rule: "the location with the highest priority first, however much lies there; ties by id; each is emptied before "
      + "the next is asked",
    measure: { Int64($0.priority) }
  ) { candidates, _ in candidates.sort { ($1.priority, $0.location) < ($0.priority, $1.location) } }
}
