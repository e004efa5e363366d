/// What an audit found about one invariant.
public struct Finding: Sendable, Hashable {
  /// What was checked.
  public let invariant: Invariant
  /// How many things were checked.
  public let checked: Int64
  /// How many of them break the promise.
  public let violations: Int64
  /// The first of these, in words.
  public let rows: [String]

  /// Whether the promise holds.
  public var holds: Bool { violations == 0 }
}

/// What an audit found.
public struct AuditReport: Sendable, Hashable {
  /// One finding per invariant.
  public let findings: [Finding]

  /// Findings that say that something is wrong with the data.
  public var violated: [Finding] { findings.filter { !$0.holds && $0.invariant.severity == .violation } }
  /// Findings that somebody should look at.
  public var warnings: [Finding] { findings.filter { !$0.holds && $0.invariant.severity == .warning } }
}
