extension EventType {
  /// The type with this name on the wire; quicker than comparing all names.
  public static func named(_ name: String) -> EventType? { byName[name] }

  private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })
}
