import Contracts

/// Where a line is served from: a pure function with a name, recorded with the reservation it led to.
///
/// Each policy has a file of its own in the folder LocationPolicies, with its rule in code and in words. Whatever it
/// ranks first, a line never gets more than can be promised: ``plan(_:over:)`` divides what was found promisable.
public final class LocationPolicy: Sendable {
  /// The name under which orders ask for it and reservations record it.
  public let name: LocationPolicyName
  /// Its rule in words, for people.
  public let rule: String
  /// In which order candidates that all have something are asked for so many units.
  private let arrange: @Sendable (_ candidates: inout [Candidate], _ units: Int64) -> Void
  /// What of a candidate it compares besides its stock, if that is worth a record.
  private let measure: (@Sendable (Candidate) -> Int64?)?

  init(
    _ name: LocationPolicyName, rule: String, measure: (@Sendable (Candidate) -> Int64?)? = nil,
    arrange: @escaping @Sendable (_ candidates: inout [Candidate], _ units: Int64) -> Void
  ) {
    self.name = name
    self.rule = rule
    self.measure = measure
    self.arrange = arrange
  }

  /// The policy with a name.
  public static func named(_ name: LocationPolicyName) -> LocationPolicy {
    switch name {
    case .mostStock: mostStock
    case .fixedPriority: fixedPriority
    case .fewestSplits: fewestSplits
    case .nearest: nearest
    }
  }

  /// Stands in the place of a policy's name where nothing was chosen: a shipment has left from there.
  public static let dispatched = "dispatch"

  /// A location that could serve, as the transaction saw it.
  public struct Candidate: Hashable, Sendable {
    /// Where.
    public let location: LocationID
    /// What a new promise may take from there: available beyond the safety stock.
    public let allocatable: Int64
    /// The location's own priority; higher goes first.
    public let priority: Int32
    /// How far from the order's destination, in metres; nil where that is not known, or no policy asks for it.
    public let distance: Int64?

    /// A location that could serve.
    public init(location: LocationID, allocatable: Int64, priority: Int32, distance: Int64? = nil) {
      self.location = location
      self.allocatable = allocatable
      self.priority = priority
      self.distance = distance
    }

    /// Whether it has more stock than another; ties by the higher priority, then by id.
    func hasMore(than other: Candidate) -> Bool {
      (other.allocatable, other.priority, location) < (allocatable, priority, other.location)
    }
  }

  /// What to take from where.
  public struct Share: Hashable, Sendable {
    /// Where.
    public let location: LocationID
    /// How much.
    public let quantity: Int64
  }

  /// The candidates that have something, in the order in which they are asked.
  ///
  /// - Parameters:
  ///   - candidates: All locations; their order does not matter.
  ///   - units: How many are wanted; base units.
  public func rank(_ candidates: consuming [Candidate], for units: Int64) -> [Candidate] {
    candidates.removeAll { $0.allocatable <= 0 }
    if candidates.count > 1 { arrange(&candidates, units) }
    return candidates
  }

  /// Divides a quantity over ranked candidates.
  ///
  /// - Returns: Shares that sum up to the quantity, or to all there is if that is less.
  public func plan(_ quantity: Int64, over ranked: [Candidate]) -> [Share] {
    var shares: [Share] = []
    divide(quantity, over: ranked) { shares.append(Share(location: $0, quantity: $1)) }
    return shares
  }

  /// The same without a list: tells each share as it is found.
  func divide(_ quantity: Int64, over ranked: [Candidate], _ take: (LocationID, Int64) -> Void) {
    var left = quantity
    for candidate in ranked where left > 0 {
      let taken = min(left, candidate.allocatable)
      take(candidate.location, taken)
      left -= taken
    }
  }

  /// What was seen, for the record: `WH-2=40,WH-1=3`; with what the policy measures, `WH-2=40@1200,WH-1=3`.
  func describe(_ ranked: [Candidate]) -> String {
    var text = TextWriter(capacity: 32 * ranked.count)
    for index in ranked.indices {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      text.append(ranked[index].location.value)
      text.append(UInt8(ascii: "="))
      text.append(decimal: ranked[index].allocatable)
      guard let measure, let measured = measure(ranked[index]) else { continue }
      text.append(UInt8(ascii: "@"))
      text.append(decimal: measured)
    }
    return text.text
  }
}
