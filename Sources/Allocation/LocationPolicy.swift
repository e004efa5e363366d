import Contracts

/// Where a line is served from: a pure function with a name, recorded with the reservation it led to.
public struct LocationPolicy: Sendable {
  /// The name under which reservations record it.
  public let name: String
  private let precedes: @Sendable (Candidate, Candidate) -> Bool

  /// A location that could serve, as the transaction saw it.
  public struct Candidate: Hashable, Sendable {
    /// Where.
    public let location: LocationID
    /// What a new promise may take from there: available beyond the safety stock.
    public let allocatable: Int64
    /// The location's own priority; lower goes first.
    public let priority: Int32

    /// A location that could serve.
    public init(location: LocationID, allocatable: Int64, priority: Int32) {
      self.location = location
      self.allocatable = allocatable
      self.priority = priority
    }
  }

  /// What to take from where.
  public struct Share: Hashable, Sendable {
    /// Where.
    public let location: LocationID
    /// How much.
    public let quantity: Int64
  }

  /// The location with the most allocatable stock first; ties by priority, then by id. Splits a quantity over as many
  /// locations as it needs.
  public static let mostStock = LocationPolicy(name: "most_stock") {
    ($1.allocatable, $0.priority, $0.location) < ($0.allocatable, $1.priority, $1.location)
  }

  /// The candidates that have something, in the order in which they are asked.
  public func rank(_ candidates: [Candidate]) -> [Candidate] {
    candidates.filter { $0.allocatable > 0 }.sorted(by: precedes)
  }

  /// Divides a quantity over ranked candidates.
  ///
  /// - Returns: Shares that sum up to the quantity, or to all there is if that is less.
  public func plan(_ quantity: Int64, over ranked: [Candidate]) -> [Share] {
    var left = quantity
    var shares: [Share] = []
    for candidate in ranked where left > 0 {
      let taken = min(left, candidate.allocatable)
      shares.append(Share(location: candidate.location, quantity: taken))
      left -= taken
    }
    return shares
  }

  /// What was seen, for the record: `WH-2=40,WH-1=3`.
  static func describe(_ ranked: [Candidate]) -> String {
    var text = ""
    for candidate in ranked {
      if !text.isEmpty { text += "," }
      text += candidate.location.value
      text += "="
      text += String(candidate.allocatable)
    }
    return text
  }
}
